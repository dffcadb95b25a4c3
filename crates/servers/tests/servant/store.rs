//! A small store of one process: what it acknowledges is in a file before, or in its memory alone. It speaks the lines of an
//! adapter over TCP.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use constellation_lab::placement::client::{Answer, Ask, Client};
use constellation_lab::placement::protocol::TIMEOUT;
use constellation_servers::adapter::{Said, ask_line, read_said, serve};

/// What it holds, and where it is kept.
struct Held {
    values: BTreeMap<String, u64>,
    file: Option<File>,
}

/// Serves clients at this address; in the mode `kept` what they write is in the file before they hear of it.
pub(crate) fn run(address: &str, file: &str, mode: &str) {
    let mut held = Held { values: BTreeMap::new(), file: None };
    if mode == "kept" {
        let before = fs::read_to_string(file).unwrap_or_default();
        for (key, value) in before.lines().filter_map(|line| line.split_once(' ')) {
            held.values.insert(key.to_owned(), value.parse().expect("we wrote a number"));
        }
        let opened = File::options().create(true).append(true).open(file);
        held.file = Some(opened.expect("the folder of the site is there"));
    }
    let held = Arc::new(Mutex::new(held));
    let listener = TcpListener::bind(address).expect("the port is free");
    for stream in listener.incoming().map_while(Result::ok) {
        let held = Arc::clone(&held);
        thread::spawn(move || {
            let input = BufReader::new(stream.try_clone().expect("there are descriptors"));
            // A client that is gone is none of our business.
            drop(serve(input, stream, |_| Session(Arc::clone(&held))));
        });
    }
}

/// Who asks.
struct Session(Arc<Mutex<Held>>);

impl Client for Session {
    fn write(&mut self, key: &str, value: u64, _over: &[u64]) -> Answer {
        let mut held = self.0.lock().expect("nobody panics with it");
        if let Some(file) = &mut held.file {
            // A process that is killed loses nothing that it has given to the system.
            writeln!(file, "{key} {value}").expect("there is room");
        }
        held.values.insert(key.to_owned(), value);
        Answer::DONE
    }

    fn read(&mut self, key: &str) -> Answer {
        Answer::shows(self.0.lock().expect("nobody panics with it").values.get(key).copied())
    }
}

/// A client of the store at this address, with a connection for each ask.
pub(crate) fn run_client(address: &str) {
    let address: SocketAddr = address.parse().expect("it is an address");
    serve(io::stdin().lock(), io::stdout(), |_| Far(address)).expect("the driver asks");
}

struct Far(SocketAddr);

impl Far {
    fn put(&self, ask: &Ask) -> Answer {
        match TcpStream::connect_timeout(&self.0, TIMEOUT) {
            Ok(stream) => put(&stream, ask).unwrap_or_else(|error| Answer::Unknown(error.to_string())),
            Err(error) => Answer::Refused(error.to_string()),
        }
    }
}

fn put(mut stream: &TcpStream, ask: &Ask) -> io::Result<Answer> {
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.write_all(ask_line(0, 0, ask).as_bytes())?;
    for line in BufReader::new(stream).lines() {
        if let Ok(Said::Answer(_, answer)) = read_said(&line?) {
            return Ok(answer);
        }
    }
    Err(io::ErrorKind::UnexpectedEof.into())
}

impl Client for Far {
    fn write(&mut self, key: &str, value: u64, over: &[u64]) -> Answer {
        self.put(&Ask::write_over(key, value, over.to_vec()))
    }

    fn read(&mut self, key: &str) -> Answer {
        self.put(&Ask::read(key))
    }
}
