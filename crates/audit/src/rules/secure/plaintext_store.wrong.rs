//! Stores that are spoken with in the clear.

use std::time::Duration;

use tokio_postgres::{Client, NoTls};

const CACHE: &str = "redis://cache.constellation.aero:6379"; //~ secure::plaintext-store

fn database() -> &'static str {
    "postgres://orbits@db.constellation.aero/orbits?sslmode=disable" //~ secure::plaintext-store
}

async fn rows() -> Result<Client, Error> {
    let keys = "host=db.constellation.aero user=orbits";
    let connecting = tokio::time::timeout(Duration::from_secs(5), tokio_postgres::connect(keys, NoTls)); //~ secure::plaintext-store
    let (client, connection) = connecting.await??;
    tokio::spawn(connection);
    Ok(client)
}

fn by_keys() -> String {
    "host=db.constellation.aero user=orbits sslmode=disable".to_owned() //~ secure::plaintext-store
}
