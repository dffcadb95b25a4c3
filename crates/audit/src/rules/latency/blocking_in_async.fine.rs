//! Threads that may wait, and tasks that do.

use std::thread;
use std::time::Duration;

use tokio::time::sleep;

async fn pause() {
    sleep(Duration::from_millis(100)).await;
    tokio::task::spawn_blocking(|| thread::sleep(Duration::from_secs(1))).await.ok();
    thread::spawn(move || {
        thread::sleep(Duration::from_secs(1));
    });
}

fn on_its_own_thread() {
    thread::sleep(Duration::from_secs(1));
}

async fn begin() {
    fn wait() {
        std::thread::sleep(Duration::from_secs(1));
    }
    thread::spawn(wait);
}

async fn is_taken(port: u16) -> bool {
    std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()
}

#[tokio::main]
async fn main() {
    std::thread::sleep(std::time::Duration::from_secs(1));
}

async fn run(daemon: Daemon) -> Result<(), Error> {
    daemon.run().await?;
    println!("the end");
    std::thread::sleep(std::time::Duration::from_millis(500));
    Ok(())
}
