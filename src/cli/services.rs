//! Services as a command line names them.

use clap::Args;

use crate::model::Service;

/// Which services.
#[derive(Args, Debug)]
pub struct ServiceArgs {
    /// Only these services
    #[arg(short, long, value_name = "S,..", value_delimiter = ',', value_parser = service)]
    pub service: Vec<Service>,
}

pub(super) fn service(text: &str) -> Result<Service, String> {
    Service::from_key(text).ok_or_else(|| {
        let known: Vec<_> = Service::ALL.iter().map(|service| service.key()).collect();
        format!("there is no service `{text}`; known are {}", known.join(", "))
    })
}
