//! One room a service: what is wanted, what is asked, what the answers mean, what is to be done. Pure.

pub mod glusterfs;
