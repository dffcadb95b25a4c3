//! etcd, by the JSON gateway of its version 3 interface: a client asks the member of its own site, which asks the leader.
//!
//! The gateway is plain HTTP, so no gRPC is compiled for two calls.

use std::net::SocketAddr;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use constellation_lab::placement::client::{Answer, Client};
use serde_json::{Value, json};
use ureq::Agent;

use super::answers::{Failed, PATIENCE, shown, written};
use super::reach::{Reach, attend};
use super::seat::{Reads, Seat};

/// The longest answer that is read, in bytes: ours hold one number.
const BODY_MAX: u64 = 64 << 10;

/// What a member says when it rejects a write before proposing it, by the text of the error: those of `rpctypes/error.go`
/// that are returned ahead of `raft.Propose`, and what raft itself drops at once because it knows no leader. Other errors
/// may come after the entry is in somebody's log, most of all `request timed out`, `leader changed` and
/// `server stopped`; and `mvcc: database space exceeded` also comes of a put that was applied (`quotaApplierV3.Put`).
const REJECTED: [&str; 4] = [
    "etcdserver: too many requests",
    "etcdserver: no leader",
    "etcdserver: not capable",
    "raft proposal dropped",
];

/// Is the adapter.
pub(super) fn run(arguments: &[String]) -> Result<(), String> {
    attend(arguments, Etcd::new)
}

/// A client of an etcd member.
#[derive(Debug)]
struct Etcd {
    member: SocketAddr,
    agent: Agent,
    reads: Reads,
}

impl Etcd {
    /// At a seat: [`Reads::Leader`] are linearizable, [`Reads::Local`] serializable.
    fn new(seat: &Seat) -> Etcd {
        // No proxy of the environment: what is asked goes to this member and nowhere else. The agent sends nothing twice.
        let config = Agent::config_builder()
            .proxy(None)
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(PATIENCE))
            .max_idle_age(Duration::from_secs(600));
        Etcd { member: seat.own(), agent: config.build().into(), reads: seat.reads }
    }

    fn call(&self, path: &str, ask: &Value) -> Result<Value, Failed> {
        let address = format!("http://{}/v3/{path}", self.member);
        let sent = self.agent.post(address).content_type("application/json").send(ask.to_string());
        let mut response = sent.map_err(|error| self.failed(&error))?;
        let body = response.body_mut().with_config().limit(BODY_MAX).read_to_string();
        let body = body.map_err(|error| Failed::sent(self.member, error))?;
        if response.status().is_success() {
            let answer: Value =
                serde_json::from_str(&body).map_err(|error| Failed::sent(self.member, error))?;
            // Whoever answers without it is no etcd.
            return match answer["header"].is_object() {
                true => Ok(answer),
                false => Err(Failed::sent(self.member, "an answer without a header")),
            };
        }
        let error = serde_json::from_str::<Value>(&body).ok();
        let said =
            error.as_ref().and_then(|error| error["error"].as_str()).unwrap_or("an error without a text");
        Err(match REJECTED.contains(&said) {
            true => Failed::Refused(said.to_owned()),
            false => Failed::Unknown(said.to_owned()),
        })
    }

    /// What was not even connected was not sent. The time as a whole may run out before or after that.
    fn failed(&self, error: &ureq::Error) -> Failed {
        let is_unsent = match error {
            ureq::Error::Timeout(timeout) => {
                matches!(timeout, ureq::Timeout::Resolve | ureq::Timeout::Connect)
            }
            ureq::Error::Io(error) => error.kind() == std::io::ErrorKind::ConnectionRefused,
            ureq::Error::ConnectionFailed | ureq::Error::HostNotFound => true,
            _ => false,
        };
        if is_unsent { Failed::unsent(self.member, error) } else { Failed::sent(self.member, error) }
    }

    fn get(&self, key: &str) -> Result<Option<String>, Failed> {
        let is_local = self.reads == Reads::Local;
        let ask = json!({ "key": BASE64_STANDARD.encode(key), "serializable": is_local });
        let range = self.call("kv/range", &ask)?;
        let Some(value) = range["kvs"][0]["value"].as_str() else { return Ok(None) };
        let value = BASE64_STANDARD.decode(value).map_err(|error| Failed::sent(self.member, error))?;
        Ok(Some(String::from_utf8_lossy(&value).into_owned()))
    }
}

impl Client for Etcd {
    fn write(&mut self, key: &str, value: u64, _over: &[u64]) -> Answer {
        let value = BASE64_STANDARD.encode(value.to_string());
        let ask = json!({ "key": BASE64_STANDARD.encode(key), "value": value });
        written(self.call("kv/put", &ask).map(|_| ()))
    }

    fn read(&mut self, key: &str) -> Answer {
        shown(self.get(key))
    }
}

impl Reach for Etcd {
    /// That this member has a leader and a majority: a linearizable read succeeds.
    fn ready(&mut self) -> Result<(), String> {
        let ask = json!({ "key": BASE64_STANDARD.encode("ready"), "serializable": false });
        self.call("kv/range", &ask).map(|_| ()).map_err(|failed| failed.to_string())
    }
}
