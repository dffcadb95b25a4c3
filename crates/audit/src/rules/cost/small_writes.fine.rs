//! Messages in one piece, and pieces of other things.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::net::TcpStream;

struct Link {
    stream: BufWriter<TcpStream>,
}

impl Link {
    fn send(&mut self, frame: &[u8]) -> io::Result<()> {
        self.stream.write_all(&(frame.len() as u32).to_be_bytes())?;
        self.stream.write_all(frame)?;
        self.stream.flush()
    }
}

fn ask(stream: &mut TcpStream) -> io::Result<()> {
    stream.write_all(b"HELLO\r\n")?;
    let mut answer = [0; 4];
    stream.read_exact(&mut answer)?;
    stream.write_all(b"BYE\r\n")
}

fn note(file: &mut File, line: &[u8]) -> io::Result<()> {
    file.write_all(line)?;
    file.write_all(b"\n")
}

fn both(one: &mut TcpStream, other: &mut TcpStream, frame: &[u8]) -> io::Result<()> {
    one.write_all(frame)?;
    other.write_all(frame)
}

async fn command_of_this_machine(port: u16, text: &str) -> io::Result<()> {
    let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", port)).await?;
    stream.write_all(text.as_bytes()).await?;
    stream.write_all(b"\n").await?;
    Ok(())
}
