//! Beacons between stations, packed as small as may be.

use serde::{Deserialize, Serialize};
use tokio::net::UdpSocket;

#[derive(Serialize, Deserialize)]
pub struct Beacon {
    station: u16,
    load: u8,
}

pub async fn shine(socket: &UdpSocket, beacon: &Beacon) -> anyhow::Result<()> {
    socket.send(&postcard::to_allocvec(beacon)?).await?; //~ homogeneous::codec-unversioned
    Ok(())
}
