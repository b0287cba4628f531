//! `GlusterFS`: one replicated volume, mounted where it is served.

pub mod spec;
