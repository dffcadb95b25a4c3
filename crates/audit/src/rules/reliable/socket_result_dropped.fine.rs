//! Results that say nothing of another machine, or come too late to matter.

use std::fs::File;
use std::io::Write;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::mpsc::Sender;

async fn tell(tx: &Sender<u8>, file: &mut File) {
    let _ = tx.send(1).await;
    let _ = file.write_all(b"told");
    let mut text = Vec::new();
    let _ = text.write_all(b"told");
}

async fn is_sent(stream: &mut TcpStream, file: &mut File) -> Option<()> {
    file.write_all(b"told").ok();
    let sent = stream.write_all(b"told").await.ok();
    sent?;
    stream.write_all(b"told").await.ok()
}

async fn close(mut stream: TcpStream) {
    let _ = stream.write_all(b"bye").await;
    let _ = stream.shutdown().await;
}

async fn send(stream: &mut TcpStream, frame: &[u8]) -> std::io::Result<()> {
    let _guard = stream.ready(INTEREST).await?;
    stream.write_all(frame).await
}
