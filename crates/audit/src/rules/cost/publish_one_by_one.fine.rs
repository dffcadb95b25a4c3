//! Messages that go together, or come one by one.

use std::time::Duration;

use futures::future::try_join_all;
use rdkafka::producer::{FutureProducer, FutureRecord};

async fn export(producer: &FutureProducer, rows: &[Row]) -> Result<(), Error> {
    let sent = rows.iter().map(|row| producer.send(FutureRecord::to("rows").payload(row.bytes()), WAIT));
    try_join_all(sent).await?;
    Ok(())
}

async fn follow(producer: &FutureProducer, rows: &mut Rows) -> Result<(), Error> {
    while let Some(row) = rows.next().await {
        producer.send(FutureRecord::to("rows").payload(row.bytes()), Duration::from_secs(5)).await?;
    }
    Ok(())
}

async fn announce(stream: &async_nats::jetstream::Context, beats: Vec<Beat>) -> Result<(), Error> {
    let mut open = Vec::new();
    for beat in beats {
        open.push(stream.publish("beats", beat.bytes()).await?);
    }
    wait(open).await
}
