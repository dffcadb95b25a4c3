//! Queues that take whatever a socket brings.

use tokio::net::TcpListener;
use tokio::sync::mpsc;

async fn serve(listener: TcpListener) -> std::io::Result<()> {
    let (frames, incoming) = mpsc::unbounded_channel(); //~ bandwidth::unbounded-queue
    tokio::spawn(store(incoming));
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(read(stream, frames.clone()));
    }
}

fn relay() -> flume::Sender<Vec<u8>> {
    let (to_relay, packets) = flume::unbounded::<Vec<u8>>(); //~ bandwidth::unbounded-queue
    std::thread::spawn(move || forward(packets));
    to_relay
}
