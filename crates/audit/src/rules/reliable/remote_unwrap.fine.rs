//! Unwraps that no other machine decides on.

use std::fs::File;
use std::io::Write;
use std::sync::Mutex;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::Sender;

fn store(mut file: File, bytes: &[u8]) {
    file.write_all(bytes).unwrap();
    let mut stream = Vec::new();
    stream.write_all(bytes).unwrap();
}

async fn main_loop(tx: Sender<u8>, conn: Mutex<u8>) {
    let listener = TcpListener::bind("0.0.0.0:7000").await.expect("the port is free");
    println!("{}", listener.local_addr().unwrap());
    tx.send(1).await.unwrap();
    *conn.lock().unwrap() = 2;
}

async fn send(stream: &mut TcpStream, frame: &[u8]) -> std::io::Result<()> {
    use tokio::io::AsyncWriteExt;
    stream.write_all(frame).await?;
    stream.set_nodelay(true).expect("it is a socket");
    Ok(())
}

/// An encoder that is called as a connection would be.
fn encode(stream: &mut Encoder) {
    stream.write_all(b"x").unwrap();
}
