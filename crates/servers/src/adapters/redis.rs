//! Redis: writes go to the primary, wherever that is, and wait for as many replicas as the mode says.

use std::net::SocketAddr;
use std::time::Duration;

use constellation_lab::placement::client::{Answer, Client};
use redis::{Cmd, Connection, ConnectionAddr, IntoConnectionInfo as _, RedisError, RedisResult, Value};

use super::answers::{Deadline, Failed, TIMED_OUT, shown, written};
use super::reach::{Reach, attend};
use super::seat::{Reads, Seat};
use crate::servers::redis::PRIMARY_NAME;

/// How long `WAIT` waits at the primary: with two slow trips it is still heard in time.
const CONFIRM: Duration = Duration::from_millis(600);
/// How long Sentinel of the own site may take to say who is primary.
const LOOKUP: Duration = Duration::from_millis(300);

/// Is the adapter.
pub(super) fn run(arguments: &[String]) -> Result<(), String> {
    attend(arguments, Redis::new)
}

/// A client of a replicated Redis.
///
/// Where Sentinel watches it does what the documents ask of a client ("Guidelines for Redis clients with support for Redis
/// Sentinel"): it asks Sentinel where the primary is whenever it must connect anew or was refused, and asks that server for
/// its role before it believes it. It does not ask while nothing goes wrong: a primary that is made a replica has its
/// connections closed by Sentinel, but one that is cut off with its clients goes on with them.
struct Redis {
    seat: Seat,
    /// To which server the last write went; `None` if that is to be looked up.
    primary: Option<SocketAddr>,
    connections: Vec<(SocketAddr, Connection)>,
}

impl Redis {
    /// At a seat. The primary is who Sentinel says where the seat has [`Seat::watchers`], and else the server of site 0.
    fn new(seat: &Seat) -> Redis {
        Redis { seat: seat.clone(), primary: None, connections: Vec::new() }
    }

    /// Writes, and looks for another primary where this one is none: such a write took no effect.
    fn put(&mut self, key: &str, value: u64) -> Result<(), Failed> {
        let deadline = Deadline::new();
        let first = self.put_once(key, value, deadline);
        let is_refused = matches!(first, Err(Failed::Refused(_)));
        if !is_refused || self.seat.watchers.is_empty() || deadline.is_over() {
            return first;
        }
        self.primary = None;
        self.put_once(key, value, deadline)
    }

    fn put_once(&mut self, key: &str, value: u64, deadline: Deadline) -> Result<(), Failed> {
        let server = self.primary(deadline)?;
        let mut asks = vec![redis::cmd("SET").arg(key).arg(value).to_owned()];
        if self.seat.confirm > 0 {
            // Sent with the write, so that it costs one trip to the primary, not two.
            let most = u64::try_from(CONFIRM.min(deadline.left()).as_millis()).unwrap_or(u64::MAX);
            asks.push(redis::cmd("WAIT").arg(self.seat.confirm).arg(most).to_owned());
        }
        let answers = self.ask(server, &asks, deadline)?;
        // A server rejects a command before it runs it: read-only, loading, out of memory, too few replicas in sync.
        let done = answers[0].clone().extract_error();
        done.map_err(|error| Failed::Refused(format!("{server} refused: {}", told(&error))))?;
        let Some(confirmed) = answers.get(1) else { return Ok(()) };
        // From here on the primary holds the write and shows it to readers, whoever else does. It may still reach the
        // replicas, or be lost with this primary: too few confirmations are no refusal.
        match confirmed {
            Value::Int(count) if *count >= i64::from(self.seat.confirm) => Ok(()),
            Value::Int(count) => Err(Failed::Unknown(format!(
                "written at {server}, and {count} of {} replicas confirmed it within {} ms",
                self.seat.confirm,
                CONFIRM.as_millis()
            ))),
            other => Err(Failed::Unknown(format!("written at {server}, which could not wait: {other:?}"))),
        }
    }

    fn get(&mut self, key: &str) -> Result<Option<String>, Failed> {
        let deadline = Deadline::new();
        let server = match self.seat.reads {
            Reads::Leader => self.primary(deadline)?,
            Reads::Local => self.seat.own(),
        };
        let answers = self.ask(server, &[redis::cmd("GET").arg(key).to_owned()], deadline);
        if answers.is_err() {
            self.look_up_again();
        }
        let answer = answers?.swap_remove(0).extract_error();
        let answer =
            answer.map_err(|error| Failed::Refused(format!("{server} refused: {}", told(&error))))?;
        redis::from_redis_value(answer).map_err(|error| Failed::Unknown(error.to_string()))
    }

    /// Who is primary, as far as is known here.
    fn primary(&mut self, deadline: Deadline) -> Result<SocketAddr, Failed> {
        if let Some(primary) = self.primary {
            return Ok(primary);
        }
        let primary = if self.seat.watchers.is_empty() {
            self.seat.servers[0]
        } else {
            let found = self.look_up(deadline)?;
            self.check_role(found, deadline)?;
            found
        };
        self.primary = Some(primary);
        Ok(primary)
    }

    /// Asks whom Sentinel named whether it is the primary: it may not know of that yet, or Sentinel not that it is none any
    /// longer. A question writes nothing, so what fails in it is refused.
    fn check_role(&mut self, server: SocketAddr, deadline: Deadline) -> Result<(), Failed> {
        let answers = self.ask(server, &[redis::cmd("ROLE")], deadline);
        let mut answers = answers.map_err(|failed| Failed::Refused(failed.to_string()))?;
        let role = match answers.swap_remove(0).extract_error() {
            Ok(Value::Array(parts)) => {
                parts.into_iter().next().and_then(|role| redis::from_redis_value::<String>(role).ok())
            }
            Ok(_) => None,
            Err(error) => return Err(Failed::Refused(format!("{server} refused: {}", told(&error)))),
        };
        match role.as_deref() {
            Some("master") => Ok(()),
            role => Err(Failed::Refused(format!(
                "Sentinel names {server}, which is no primary: its role is {}",
                role.unwrap_or("unknown")
            ))),
        }
    }

    /// Asks Sentinel of the own site, then those of the others. A look-up writes nothing, so what fails in it is refused.
    fn look_up(&mut self, deadline: Deadline) -> Result<SocketAddr, Failed> {
        let sites = self.seat.watchers.len();
        let mut last = Failed::unsent("any Sentinel", "there is none");
        for nth in 0..sites {
            let watcher = self.seat.watchers[(self.seat.site + nth) % sites];
            let short = deadline.within(LOOKUP);
            let ask = redis::cmd("SENTINEL").arg("GET-MASTER-ADDR-BY-NAME").arg(PRIMARY_NAME).to_owned();
            let found = self.ask(watcher, &[ask], short).and_then(|mut answers| {
                let found: RedisResult<Option<(String, u16)>> = answers
                    .swap_remove(0)
                    .extract_error()
                    .and_then(|answer| Ok(redis::from_redis_value(answer)?));
                found.map_err(|error| Failed::Refused(told(&error)))
            });
            match found {
                Ok(Some((host, port))) => match host.parse() {
                    Ok(host) => return Ok(SocketAddr::new(host, port)),
                    Err(_) => last = Failed::Refused(format!("Sentinel at {watcher} names {host:?}")),
                },
                Ok(None) => last = Failed::Refused(format!("Sentinel at {watcher} knows of no primary")),
                Err(failed) => last = Failed::Refused(failed.to_string()),
            }
        }
        Err(last)
    }

    /// Whoever does not answer may not be primary any longer.
    fn look_up_again(&mut self) {
        if !self.seat.watchers.is_empty() {
            self.primary = None;
        }
    }

    /// Sends these at once and takes as many answers, errors of the server among them.
    fn ask(&mut self, server: SocketAddr, asks: &[Cmd], deadline: Deadline) -> Result<Vec<Value>, Failed> {
        let known = self.connections.iter().position(|(other, _)| *other == server);
        let mut connection = match known {
            Some(place) => self.connections.swap_remove(place).1,
            None => connect(server, deadline).map_err(|error| {
                self.look_up_again();
                Failed::unsent(server, told(&error))
            })?,
        };
        let answered = exchange(&mut connection, asks, deadline).map_err(|error| {
            // The connection goes with it: a late answer would be taken for that to the next question.
            self.look_up_again();
            Failed::sent(server, told(&error))
        })?;
        self.connections.push((server, connection));
        Ok(answered)
    }
}

fn connect(server: SocketAddr, deadline: Deadline) -> RedisResult<Connection> {
    let info = ConnectionAddr::Tcp(server.ip().to_string(), server.port()).into_connection_info()?;
    let settings = info.redis_settings().clone().set_skip_set_lib_name();
    redis::Client::open(info.set_redis_settings(settings))?.get_connection_with_timeout(deadline.left())
}

fn exchange(connection: &mut Connection, asks: &[Cmd], deadline: Deadline) -> RedisResult<Vec<Value>> {
    let packed: Vec<u8> = asks.iter().flat_map(Cmd::get_packed_command).collect();
    connection.set_write_timeout(Some(deadline.left()))?;
    connection.send_packed_command(&packed)?;
    let answers = asks.iter().map(|_| {
        connection.set_read_timeout(Some(deadline.left()))?;
        connection.recv_response()
    });
    answers.collect()
}

/// An error in the server's words, without the library's.
fn told(error: &RedisError) -> String {
    if error.is_timeout() {
        return TIMED_OUT.to_owned();
    }
    match (error.code(), error.detail()) {
        (Some(code), Some(detail)) => format!("{code} {detail}"),
        _ => error.to_string(),
    }
}

impl Client for Redis {
    fn write(&mut self, key: &str, value: u64, _over: &[u64]) -> Answer {
        written(self.put(key, value))
    }

    fn read(&mut self, key: &str) -> Answer {
        shown(self.get(key))
    }
}

impl Reach for Redis {
    /// That the server of this site is the primary with all replicas in sync, or a replica whose link is up; and that
    /// Sentinel, where there is any, has found all of them.
    fn ready(&mut self) -> Result<(), String> {
        let deadline = Deadline::new();
        let sites = self.seat.servers.len();
        let own = self.seat.own();
        let info = self.info(own, "replication", deadline)?;
        let has = |line: &str| info.lines().any(|other| other == line);
        if has("role:master") {
            self.all_confirm(own, sites - 1, deadline)?;
        }
        if has("role:slave") && !has("master_link_status:up") {
            return Err(format!("the replica at {own} has no link to its primary"));
        }
        let Some(watcher) = self.seat.watchers.get(self.seat.site).copied() else { return Ok(()) };
        let info = self.info(watcher, "sentinel", deadline)?;
        let found = format!(",slaves={},sentinels={sites}", sites - 1);
        match info.lines().any(|line| line.contains("status=ok") && line.ends_with(&found)) {
            true => Ok(()),
            false => Err(format!("Sentinel at {watcher} has not found the others yet")),
        }
    }
}

impl Redis {
    /// A replica counts as online up to a second before it is told of writes, so that one is written; and once more, as the
    /// first may have been in what the replica was sent as a whole.
    fn all_confirm(&mut self, primary: SocketAddr, all: usize, deadline: Deadline) -> Result<(), String> {
        let write = redis::cmd("SET").arg("ready").arg(1).to_owned();
        let wait = redis::cmd("WAIT").arg(all).arg(300).to_owned();
        let asks = [write, wait];
        for _ in 0..2 {
            let answers = self.ask(primary, &asks, deadline).map_err(|failed| failed.to_string())?;
            match &answers[1] {
                Value::Int(count) if usize::try_from(*count).is_ok_and(|count| count >= all) => {}
                Value::Int(count) => {
                    return Err(format!("{count} of {all} replicas follow the primary at {primary}"));
                }
                other => return Err(format!("the primary at {primary} does not wait: {other:?}")),
            }
        }
        Ok(())
    }

    fn info(&mut self, server: SocketAddr, section: &str, deadline: Deadline) -> Result<String, String> {
        let ask = redis::cmd("INFO").arg(section).to_owned();
        let answered = self.ask(server, &[ask], deadline).map_err(|failed| failed.to_string())?;
        let answer = answered.into_iter().next().expect("there are as many answers as questions");
        let text = answer.extract_error().and_then(|answer| Ok(redis::from_redis_value::<String>(answer)?));
        text.map_err(|error| told(&error))
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader, Write as _};
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    /// Answers each command with this, on every connection, as long as the test lasts.
    fn says(answer: String) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let at = listener.local_addr().expect("it is bound");
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let answer = answer.clone();
                thread::spawn(move || {
                    let mut out = stream.try_clone().expect("a descriptor is free");
                    // A command is an array, whose head alone begins so.
                    let heads = BufReader::new(stream).lines().map_while(Result::ok);
                    for _ in heads.filter(|line| line.starts_with('*')) {
                        if out.write_all(answer.as_bytes()).is_err() {
                            break;
                        }
                    }
                });
            }
        });
        at
    }

    #[test]
    fn whom_sentinel_names_is_asked_whether_it_is_the_primary() {
        let replica = says("*1\r\n$5\r\nslave\r\n".to_owned());
        let port = replica.port().to_string();
        let sentinel = says(format!("*2\r\n$9\r\n127.0.0.1\r\n${}\r\n{port}\r\n", port.len()));
        let seat = Seat { watchers: vec![sentinel], ..Seat::new(0, vec![replica]) };
        let refused = format!("Sentinel names {replica}, which is no primary: its role is slave");
        assert_eq!(Redis::new(&seat).write("k", 1, &[]), Answer::Refused(refused.clone()));
        assert_eq!(Redis::new(&seat).read("k"), Answer::Refused(refused));
    }
}
