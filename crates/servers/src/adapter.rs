//! The lines between the driver and an adapter, the client of a store at one site: a process that is asked on its standard
//! input and answers on its standard output, one JSON object a line.
//!
//! Its first line says that it is there, and how many asks it can have open at once:
//!
//! ```json
//! {"ready":1}
//! ```
//!
//! Whoever answers one ask after the other says 1; then as many of it are begun as a site has clients, up to
//! [`PROCESSES_MAX`], so that no client waits behind another. Then each line that comes is an ask, and each is answered once
//! by a line with its `id`:
//!
//! | ask | answers |
//! | --- | --- |
//! | `{"id":1,"client":0,"write":"k","value":7,"over":[3]}` | `{"id":1,"ok":[]}`, or as below |
//! | `{"id":2,"client":1,"read":"k"}` | `{"id":2,"ok":[7]}`: what the key holds; `[]` for nothing, several for siblings |
//! | either | `{"id":1,"refused":"no leader"}`: it took no effect and never will |
//! | either | `{"id":1,"unknown":"timed out"}`: nobody knows whether it took effect, or still will |
//!
//! The difference between *refused* and *unknown* is the heart of it: whoever cannot tell says unknown. `client` is who asks,
//! from 0: a client of its own for each, such as a connection, keeps what sessions are promised. `over` is what that client
//! was last shown under the key at this site; a store that keeps siblings replaces these, others ignore it. Values are whole
//! numbers from 1 to 2^53 - 1, and no value is written twice under a key; keys are made of small letters, digits and `-`.
//!
//! An answer after [`TIMEOUT`](constellation_lab::placement::protocol::TIMEOUT) changes nothing any more, so that an adapter
//! should give up by itself at that time. When its input ends, it ends. What it prints on standard error goes into its log.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, BufRead, Write};
use std::sync::Mutex;
use std::sync::mpsc::{Sender, channel};
use std::thread;

use constellation_lab::placement::client::{Answer, Ask, Client, What};
use constellation_lab::words::one_line;
use serde_json::{Map, Value};

/// The longest line, in bytes, its end included.
pub const LINE_MAX: usize = 64 * 1024;
/// The most values in an answer.
pub const VALUES_MAX: usize = 1_000;
/// The longest reason that is kept, in characters; what is longer is cut.
pub const REASON_MAX: usize = 200;
/// The most asks that one adapter has open at once, whatever it says.
pub const OPEN_MAX: usize = 64;
/// The most adapters of one site.
pub const PROCESSES_MAX: usize = 16;
/// The greatest value: what every language's JSON holds.
pub const VALUE_MAX: u64 = (1 << 53) - 1;

/// A line of an adapter.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Said {
    /// It is there, and can have so many asks open at once.
    Ready(usize),
    /// What it answers to the ask of this number.
    Answer(u64, Answer),
}

/// Why a line of an adapter is none.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Nonsense {
    /// It is no JSON object.
    NoObject {
        /// Its beginning.
        line: String,
    },
    /// It neither is ready nor answers, or does both.
    NoAnswer {
        /// Its beginning.
        line: String,
    },
    /// Its value is none that may be there.
    Value {
        /// Under which key.
        key: &'static str,
        /// What may be there.
        expected: &'static str,
        /// What is there, or its beginning.
        found: String,
    },
    /// It is too long.
    Long,
}

impl fmt::Display for Nonsense {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Nonsense::NoObject { line } => write!(f, "a line is no JSON object: {line}"),
            Nonsense::NoAnswer { line } => {
                write!(f, "a line has not one of \"ready\", \"ok\", \"refused\" and \"unknown\": {line}")
            }
            Nonsense::Value { key, expected, found } => {
                write!(f, "\"{key}\" should be {expected}, and is {found}")
            }
            Nonsense::Long => write!(f, "a line is longer than {LINE_MAX} bytes"),
        }
    }
}

impl std::error::Error for Nonsense {}

/// The line that asks this, with its end.
pub fn ask_line(id: u64, client: u32, ask: &Ask) -> String {
    let mut object = Map::new();
    object.insert("id".to_owned(), id.into());
    object.insert("client".to_owned(), client.into());
    match ask.what {
        What::Write(value) => {
            object.insert("write".to_owned(), ask.key.clone().into());
            object.insert("value".to_owned(), value.into());
            object.insert("over".to_owned(), ask.over.clone().into());
        }
        What::Read => drop(object.insert("read".to_owned(), ask.key.clone().into())),
    }
    format!("{}\n", Value::Object(object))
}

/// What a line asks: its id, the client, and what.
///
/// # Errors
/// It is no ask.
pub fn read_ask(line: &str) -> Result<(u64, u32, Ask), Nonsense> {
    let object = object(line)?;
    let number = |key: &'static str| match object.get(key) {
        Some(Value::Number(number)) if number.is_u64() => Ok(number.as_u64().unwrap_or_default()),
        other => Err(wrong(key, "a whole number", other)),
    };
    let id = number("id")?;
    let client = number("client")?;
    let client =
        u32::try_from(client).map_err(|_| wrong("client", "a small number", object.get("client")))?;
    match (object.get("write"), object.get("read")) {
        (Some(Value::String(key)), None) => {
            let over = numbers("over", object.get("over"))?;
            Ok((id, client, Ask::write_over(key.clone(), number("value")?, over)))
        }
        (None, Some(Value::String(key))) => Ok((id, client, Ask::read(key.clone()))),
        _ => Err(wrong("read", "a key, or that of \"write\"", object.get("read"))),
    }
}

/// The line that answers so, with its end.
pub fn answer_line(id: u64, answer: &Answer) -> String {
    let mut object = Map::new();
    object.insert("id".to_owned(), id.into());
    match answer {
        Answer::Ok(values) => object.insert("ok".to_owned(), values.clone().into()),
        Answer::Refused(reason) => object.insert("refused".to_owned(), shortened(reason).into()),
        Answer::Unknown(reason) => object.insert("unknown".to_owned(), shortened(reason).into()),
    };
    format!("{}\n", Value::Object(object))
}

/// The line that says that an adapter is there, with its end.
pub fn ready_line(at_once: usize) -> String {
    format!("{{\"ready\":{at_once}}}\n")
}

/// What a line of an adapter says.
///
/// # Errors
/// It says nothing that an adapter may say.
pub fn read_said(line: &str) -> Result<Said, Nonsense> {
    if line.len() > LINE_MAX {
        return Err(Nonsense::Long);
    }
    let object = object(line)?;
    let found: Vec<&str> =
        ["ready", "ok", "refused", "unknown"].into_iter().filter(|key| object.contains_key(*key)).collect();
    let [what] = found[..] else { return Err(Nonsense::NoAnswer { line: beginning(line) }) };
    if what == "ready" {
        let at_once = object.get("ready").and_then(Value::as_u64).filter(|at_once| *at_once > 0);
        let at_once =
            at_once.ok_or_else(|| wrong("ready", "how many asks it takes at once", object.get("ready")))?;
        return Ok(Said::Ready(usize::try_from(at_once).unwrap_or(OPEN_MAX).min(OPEN_MAX)));
    }
    let id = object.get("id").and_then(Value::as_u64);
    let id = id.ok_or_else(|| wrong("id", "that of an ask", object.get("id")))?;
    let reason = |key| match object.get(key) {
        Some(Value::String(reason)) => Ok(shortened(reason)),
        other => Err(wrong(key, "a text", other)),
    };
    let answer = match what {
        "ok" => Answer::shows(numbers("ok", object.get("ok"))?),
        "refused" => Answer::Refused(reason("refused")?),
        _ => Answer::Unknown(reason("unknown")?),
    };
    Ok(Said::Answer(id, answer))
}

fn object(line: &str) -> Result<Map<String, Value>, Nonsense> {
    match serde_json::from_str(line) {
        Ok(Value::Object(object)) => Ok(object),
        _ => Err(Nonsense::NoObject { line: beginning(line) }),
    }
}

fn numbers(key: &'static str, found: Option<&Value>) -> Result<Vec<u64>, Nonsense> {
    const EXPECTED: &str = "an array of whole numbers, at most 1000 of them";
    let Some(Value::Array(values)) = found else { return Err(wrong(key, EXPECTED, found)) };
    if values.len() > VALUES_MAX {
        return Err(wrong(key, EXPECTED, found));
    }
    let number = |value: &Value| value.as_u64().filter(|value| *value <= VALUE_MAX);
    values.iter().map(|value| number(value).ok_or_else(|| wrong(key, EXPECTED, Some(value)))).collect()
}

fn wrong(key: &'static str, expected: &'static str, found: Option<&Value>) -> Nonsense {
    let found = found.map_or_else(|| "missing".to_owned(), |found| beginning(&found.to_string()));
    Nonsense::Value { key, expected, found }
}

/// The beginning of a line that somebody else wrote, fit for a line of ours.
fn beginning(line: &str) -> String {
    const LETTERS_MAX: usize = 80;
    let start: String = line.trim().chars().take(LETTERS_MAX).collect();
    one_line(&start).into_owned()
}

/// A reason that somebody else wrote, on one line and not long.
fn shortened(reason: &str) -> String {
    let start: String = reason.chars().take(REASON_MAX).collect();
    one_line(&start).into_owned()
}

/// Serves an adapter that has a blocking client for each client of the site, and a thread for each: reads asks from `input`
/// and writes answers to `output` until the input ends. `make` is called once for each client, when it first asks, in its
/// thread; whoever cannot connect makes a client that refuses, and tries again when it is asked the next time.
///
/// # Errors
/// The input cannot be read, or a line of it is no ask, or the output cannot be written.
pub fn serve<C: Client>(
    input: impl BufRead,
    output: impl Write + Send,
    make: impl Fn(u32) -> C + Sync,
) -> io::Result<()> {
    let output = Mutex::new(output);
    say(&output, &ready_line(OPEN_MAX))?;
    thread::scope(|scope| {
        let mut clients: BTreeMap<u32, Sender<(u64, Ask)>> = BTreeMap::new();
        for line in input.lines() {
            let (id, client, ask) = read_ask(&line?).map_err(io::Error::other)?;
            let sender = clients.entry(client).or_insert_with(|| {
                let (sender, asks) = channel::<(u64, Ask)>();
                let (output, make) = (&output, &make);
                scope.spawn(move || {
                    let mut client = make(client);
                    for (id, ask) in asks {
                        let answer = client.ask(&ask);
                        if say(output, &answer_line(id, &answer)).is_err() {
                            break;
                        }
                    }
                });
                sender
            });
            if sender.send((id, ask)).is_err() {
                // Its thread has ended as nobody hears it any more.
                return Err(io::ErrorKind::BrokenPipe.into());
            }
        }
        Ok(())
    })
}

fn say(output: &Mutex<impl Write>, line: &str) -> io::Result<()> {
    // Whoever held it when it panicked wrote a whole line or none.
    let mut output = output.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    output.write_all(line.as_bytes())?;
    output.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_and_answered_is_read_as_it_was_written() {
        let asks = [Ask::read("k"), Ask::write("turn-1", 7), Ask::write_over("k", VALUE_MAX, vec![3, 4])];
        for ask in asks {
            assert_eq!(read_ask(&ask_line(5, 2, &ask)), Ok((5, 2, ask)));
        }
        assert_eq!(
            ask_line(1, 0, &Ask::write_over("k", 7, vec![3])),
            "{\"id\":1,\"client\":0,\"write\":\"k\",\"value\":7,\"over\":[3]}\n"
        );
        let answers = [
            Answer::DONE,
            Answer::shows([7, 3]),
            Answer::Refused("no leader".to_owned()),
            Answer::Unknown("it hung".to_owned()),
        ];
        for answer in answers {
            assert_eq!(read_said(&answer_line(9, &answer)), Ok(Said::Answer(9, answer)));
        }
        assert_eq!(read_said(&ready_line(1)), Ok(Said::Ready(1)));
        assert_eq!(read_said(&ready_line(1_000_000)), Ok(Said::Ready(OPEN_MAX)));
    }

    #[test]
    fn nonsense_of_an_adapter_is_said_and_not_believed() {
        let table = [
            ("hello", "a line is no JSON object: hello"),
            ("[1]", "a line is no JSON object: [1]"),
            (
                "{\"id\":1}",
                "a line has not one of \"ready\", \"ok\", \"refused\" and \"unknown\": {\"id\":1}",
            ),
            (
                "{\"id\":1,\"ok\":[],\"unknown\":\"\"}",
                "a line has not one of \"ready\", \"ok\", \"refused\" and \"unknown\": {\"id\":1,\"ok\":[],\"unknown\":\"\"}",
            ),
            ("{\"ok\":[]}", "\"id\" should be that of an ask, and is missing"),
            (
                "{\"id\":1,\"ok\":7}",
                "\"ok\" should be an array of whole numbers, at most 1000 of them, and is 7",
            ),
            (
                "{\"id\":1,\"ok\":[-7]}",
                "\"ok\" should be an array of whole numbers, at most 1000 of them, and is -7",
            ),
            ("{\"id\":1,\"refused\":null}", "\"refused\" should be a text, and is null"),
            ("{\"ready\":0}", "\"ready\" should be how many asks it takes at once, and is 0"),
        ];
        for (line, expected) in table {
            assert_eq!(
                read_said(line).map_err(|error| error.to_string()),
                Err(expected.to_owned()),
                "{line}"
            );
        }
        assert_eq!(read_said(&"x".repeat(LINE_MAX + 1)), Err(Nonsense::Long));
    }

    /// Holds one value.
    struct Cell(u64);

    impl Client for Cell {
        fn write(&mut self, _key: &str, value: u64, _over: &[u64]) -> Answer {
            self.0 = value;
            Answer::DONE
        }

        fn read(&mut self, _key: &str) -> Answer {
            Answer::shows([self.0])
        }
    }

    #[test]
    fn each_client_of_an_adapter_is_one_of_its_own() {
        let asks = [(0, Ask::write("k", 7)), (1, Ask::read("k")), (0, Ask::read("k"))];
        let input: String = (0..).zip(asks).map(|(id, (client, ask))| ask_line(id, client, &ask)).collect();
        let mut output = Vec::new();
        serve(input.as_bytes(), &mut output, |client| Cell(u64::from(client) + 100)).expect("it is served");
        let output = String::from_utf8(output).expect("it is JSON");
        let mut lines: Vec<&str> = output.lines().collect();
        assert_eq!(lines.remove(0), "{\"ready\":64}");
        lines.sort_unstable();
        assert_eq!(lines, ["{\"id\":0,\"ok\":[]}", "{\"id\":1,\"ok\":[101]}", "{\"id\":2,\"ok\":[7]}"]);
    }
}
