//! Stores that are near, or spoken with behind TLS.

use std::time::Duration;

use tokio_postgres::NoTls;

const CACHES: [&str; 4] =
    ["redis://localhost:6379", "rediss://cache.constellation.aero", "redis://cache:6379", "nats://10.0.0.4:4222"];

fn is_redis(url: &str) -> bool {
    url.starts_with("redis://cache.constellation.aero")
}

async fn rows(settings: &Settings) -> Result<(), Error> {
    if settings.has_tls {
        with_tls(settings).await
    } else {
        let connecting = tokio_postgres::connect(&settings.keys, NoTls);
        tokio::time::timeout(Duration::from_secs(5), connecting).await??;
        Ok(())
    }
}

async fn own() -> Result<(), Error> {
    let connecting = tokio_postgres::connect("host=localhost user=orbits", NoTls);
    tokio::time::timeout(Duration::from_secs(5), connecting).await??;
    Ok(())
}

async fn by_whatever(keys: &str) -> Result<Client, Error> {
    let connecting = timeout(LIMIT, tokio_postgres::connect(keys, NoTls));
    Ok(connecting.await??.0)
}
