//! Messages that do not say what they are, told of once a file and codec.

use serde::Serialize;

#[derive(Serialize)]
struct Beat {
    term: u64,
}

mod beats {
    pub async fn send(socket: &tokio::net::UdpSocket, beat: &super::Beat) -> anyhow::Result<()> {
        let bytes = postcard::to_allocvec(beat)?; //~ homogeneous::codec-unversioned
        socket.send(&bytes).await?;
        Ok(())
    }
}

fn again(peer: &Peer, beat: &Beat) -> anyhow::Result<()> {
    peer.send(postcard::to_allocvec(beat)?)
}

fn other(peer: &Peer, beat: &Beat) -> anyhow::Result<()> {
    peer.send(bincode::serialize(beat)?) //~ homogeneous::codec-unversioned
}
