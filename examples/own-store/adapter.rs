//! A client of a store that is asked in lines, `SET key value` and `GET key`, as Redis can be: adapter WRITES READS, each an
//! address. Each line that comes is a question, and each is answered by a line with its id.

use std::io::{BufRead, BufReader, Error, Read, Result, Write, stdin};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

fn connect(address: &str) -> Result<BufReader<TcpStream>> {
    let patience = Duration::from_millis(900);
    let stream = TcpStream::connect_timeout(&address.parse().map_err(Error::other)?, patience)?;
    stream.set_read_timeout(Some(patience))?;
    Ok(BufReader::new(stream))
}

fn exchange(stream: &mut BufReader<TcpStream>, line: &str) -> Result<Value> {
    stream.get_mut().write_all(line.as_bytes())?;
    let mut line = || stream.by_ref().lines().next().unwrap_or(Err(Error::other("the connection is closed")));
    let said = line()?;
    Ok(match said.as_bytes() {
        [b'-', ..] => json!({"refused": said[1..]}), // It says no before it does anything.
        [b'$', b'0'..=b'9', ..] => json!({"ok": [line()?.parse::<u64>().map_err(Error::other)?]}),
        _ => json!({"ok": []}),
    })
}

fn main() -> Result<()> {
    let addresses: Vec<String> = std::env::args().skip(1).collect();
    let mut streams = [None, None];
    println!("{{\"ready\":1}}");
    for asked in stdin().lines() {
        let asked: Value = serde_json::from_str(&asked?)?;
        let (place, line) = match (asked["write"].as_str(), asked["read"].as_str()) {
            (Some(key), _) => (0, format!("SET {key} {}\r\n", asked["value"])),
            (None, key) => (1, format!("GET {}\r\n", key.unwrap_or_default())),
        };
        let mut answer = match streams[place].take().map_or_else(|| connect(&addresses[place]), Ok) {
            // Nothing was sent, so nothing has happened.
            Err(error) => json!({"refused": format!("could not connect: {error}")}),
            Ok(mut stream) => match exchange(&mut stream, &line) {
                // It was sent; whoever cannot tell what became of it says so, and asks on another connection next time.
                Err(error) => json!({"unknown": error.to_string()}),
                Ok(answer) => {
                    streams[place] = Some(stream);
                    answer
                }
            },
        };
        answer["id"] = asked["id"].clone();
        println!("{answer}");
    }
    Ok(())
}
