//! A key/value bucket of NATS JetStream with three replicas: a client asks the server of its own site, which hands it on to
//! the leader of the stream behind the bucket.
//!
//! A bucket is a stream whose subjects are its keys, and keeps the last message of each: a put is a message that is
//! published, a get asks for the last message of a subject, by the leader or, a *direct get*, by whichever replica hears it
//! first, which is that of the own site (ADR-8 and ADR-31 of NATS).

mod wire;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use constellation_lab::placement::client::{Answer, Client};
use serde_json::{Value, json};

use self::wire::{Reply, Wire};
use super::answers::{Deadline, Failed, in_words, shown, written};
use super::reach::{Reach, attend};
use super::seat::{Reads, Seat};

const BUCKET: &str = "kept";
/// What the stream behind the bucket is called.
const STREAM: &str = "KV_kept";

/// Codes of errors of a put that the leader finds before it proposes anything: JetStream is off, the message is too long, or
/// it names another stream or another last sequence (`server/errors.json` of NATS). Others may come when it is applied.
const REJECTED: [u64; 5] = [10039, 10054, 10060, 10071, 10076];

/// Is the adapter.
pub(super) fn run(arguments: &[String]) -> Result<(), String> {
    attend(arguments, Nats::new)
}

/// A client of a bucket.
struct Nats {
    seat: Seat,
    /// `None` before the first ask and after one that went wrong.
    wire: Option<Wire>,
}

impl Nats {
    /// At a seat: [`Reads::Leader`] are gets of the leader, [`Reads::Local`] direct gets.
    fn new(seat: &Seat) -> Nats {
        Nats { seat: seat.clone(), wire: None }
    }

    fn ask(&mut self, subject: &str, payload: &str) -> Result<Reply, Failed> {
        let deadline = Deadline::new();
        let own = self.seat.own();
        let mut wire = match self.wire.take() {
            Some(wire) => wire,
            None => Wire::connect(own, deadline).map_err(|error| Failed::unsent(own, in_words(&error)))?,
        };
        let reply = wire.ask(subject, payload.as_bytes(), deadline);
        let reply = reply.map_err(|error| Failed::sent(own, in_words(&error)))?;
        self.wire = Some(wire);
        match reply.status {
            // Nobody subscribes to it as far as this server knows: it was handed to nobody.
            Some(503) => Err(Failed::Refused(format!("{own} knows of no leader"))),
            _ => Ok(reply),
        }
    }

    /// An answer of JetStream.
    fn call(&mut self, subject: &str, payload: &str) -> Result<Value, Failed> {
        let reply = self.ask(subject, payload)?;
        serde_json::from_slice(&reply.payload).map_err(|error| Failed::sent(self.seat.own(), error))
    }

    fn put(&mut self, key: &str, value: u64) -> Result<(), Failed> {
        let answer = self.call(&format!("$KV.{BUCKET}.{key}"), &value.to_string())?;
        let error = &answer["error"];
        if error.is_object() {
            let said =
                format!("{}: {}", error["err_code"], error["description"].as_str().unwrap_or("no text"));
            let is_rejected = error["err_code"].as_u64().is_some_and(|code| REJECTED.contains(&code));
            return Err(if is_rejected { Failed::Refused(said) } else { Failed::Unknown(said) });
        }
        match answer["seq"].as_u64() {
            Some(_) => Ok(()),
            None => Err(Failed::Unknown("an acknowledgement without a sequence number".to_owned())),
        }
    }

    fn get_of_leader(&mut self, key: &str) -> Result<Option<String>, Failed> {
        let ask = json!({ "last_by_subj": format!("$KV.{BUCKET}.{key}") });
        let answer = self.call(&format!("$JS.API.STREAM.MSG.GET.{STREAM}"), &ask.to_string())?;
        if answer["error"].is_object() {
            return match answer["error"]["code"].as_u64() {
                Some(404) => Ok(None),
                _ => Err(Failed::Unknown(
                    answer["error"]["description"].as_str().unwrap_or("no text").to_owned(),
                )),
            };
        }
        let data = answer["message"]["data"].as_str().unwrap_or_default();
        let data = BASE64_STANDARD.decode(data).map_err(|error| Failed::sent(self.seat.own(), error))?;
        Ok(Some(String::from_utf8_lossy(&data).into_owned()))
    }

    fn get_direct(&mut self, key: &str) -> Result<Option<String>, Failed> {
        let reply = self.ask(&format!("$JS.API.DIRECT.GET.{STREAM}.$KV.{BUCKET}.{key}"), "")?;
        match reply.status {
            None => Ok(Some(String::from_utf8_lossy(&reply.payload).into_owned())),
            Some(404) => Ok(None),
            Some(status) => Err(Failed::Unknown(format!("status {status}"))),
        }
    }

    /// The stream as the client of a bucket makes it; the same again changes nothing.
    fn bucket(&self) -> Value {
        json!({
            "name": STREAM,
            "subjects": [format!("$KV.{BUCKET}.>")],
            "retention": "limits",
            "max_consumers": -1,
            "max_msgs": -1,
            "max_bytes": -1,
            "max_age": 0,
            "max_msgs_per_subject": 1,
            "max_msg_size": -1,
            "storage": "file",
            "discard": "new",
            "num_replicas": self.seat.servers.len(),
            "duplicate_window": 120_000_000_000_u64,
            "deny_delete": true,
            "allow_rollup_hdrs": true,
            "allow_direct": self.seat.reads == Reads::Local,
        })
    }
}

impl Client for Nats {
    fn write(&mut self, key: &str, value: u64, _over: &[u64]) -> Answer {
        written(self.put(key, value))
    }

    fn read(&mut self, key: &str) -> Answer {
        shown(match self.seat.reads {
            Reads::Leader => self.get_of_leader(key),
            Reads::Local => self.get_direct(key),
        })
    }
}

impl Reach for Nats {
    /// That there is a bucket, that it has a leader, and that all its replicas are up to date.
    fn ready(&mut self) -> Result<(), String> {
        let ask = match self.seat.site {
            0 => ("CREATE", self.bucket().to_string()),
            _ => ("INFO", String::new()),
        };
        let answer = self.call(&format!("$JS.API.STREAM.{}.{STREAM}", ask.0), &ask.1);
        let answer = answer.map_err(|failed| failed.to_string())?;
        if answer["error"].is_object() {
            return Err(format!("the bucket: {}", answer["error"]["description"]));
        }
        let cluster = &answer["cluster"];
        let replicas = cluster["replicas"].as_array().map_or(&[][..], Vec::as_slice);
        let current = replicas.iter().filter(|replica| replica["current"] == true).count();
        match cluster["leader"].is_string() && current + 1 == self.seat.servers.len() {
            true => Ok(()),
            false => Err(format!("{current} replicas of the bucket follow its leader {}", cluster["leader"])),
        }
    }
}
