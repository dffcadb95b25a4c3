//! Messages with a version, and bytes that stay.

use serde::Serialize;

const FORMAT_VERSION: u8 = 2;

async fn send(socket: &tokio::net::UdpSocket, beat: &Beat) -> anyhow::Result<()> {
    let mut bytes = vec![FORMAT_VERSION];
    bytes.extend(postcard::to_allocvec(beat)?);
    socket.send(&bytes).await?;
    Ok(())
}

fn key(beat: &Beat) -> anyhow::Result<Vec<u8>> {
    Ok(bincode::serialize(beat)?)
}
