//! A round trip for each message.

use std::time::Duration;

use rdkafka::producer::{FutureProducer, FutureRecord};

async fn export(producer: &FutureProducer, rows: &[Row]) -> Result<(), Error> {
    for row in rows {
        producer.send(FutureRecord::to("rows").payload(row.bytes()), Duration::from_secs(5)).await?; //~ cost::publish-one-by-one
    }
    Ok(())
}

async fn announce(stream: &async_nats::jetstream::Context, beats: Vec<Beat>) -> Result<(), Error> {
    for beat in beats {
        stream.publish("beats", beat.bytes()).await?.await?; //~ cost::publish-one-by-one
    }
    Ok(())
}
