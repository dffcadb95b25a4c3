//! Queues with an end, and those that do not fill.

use tokio::net::TcpListener;
use tokio::sync::mpsc;

async fn serve(listener: TcpListener) -> std::io::Result<()> {
    let (frames, incoming) = mpsc::channel(1_024);
    let (stop, stopped) = mpsc::unbounded_channel::<()>();
    let (shutdown_tx, shutdown_rx) = async_channel::unbounded();
    tokio::spawn(store(incoming, stopped, shutdown_rx));
    follow(listener, frames, stop, shutdown_tx).await
}
