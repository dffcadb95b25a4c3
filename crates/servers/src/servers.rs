//! Every server that can be placed, a file each.

pub mod etcd;
pub mod nats;
pub mod own;
pub mod postgres;
pub mod redis;
pub mod specimen;

use crate::server::{Mode, Server};

/// Every server, in the order in which they are listed. To add one, add its file and a line here.
pub const SERVERS: &[&dyn Server] =
    &[&etcd::Etcd, &nats::Nats, &postgres::Postgres, &redis::Redis::ALONE, &redis::Redis::WATCHED];

/// The server of this name.
pub fn find(name: &str) -> Option<&'static dyn Server> {
    SERVERS.iter().copied().find(|server| server.info().name == name)
}

/// A mode, with what its documents promise of single keys, and what the catalogue declares.
fn mode(name: &str, says: &str, model: Option<&str>, declared: Option<(&str, &str)>) -> Mode {
    Mode {
        name: name.to_owned(),
        says: says.to_owned(),
        model: model.map(str::to_owned),
        declared: declared.map(|(system, setting)| (system.to_owned(), setting.to_owned())),
    }
}
