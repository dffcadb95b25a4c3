//! PostgreSQL with streaming replication: writes go to the primary, which is the server of site 0, and reads there or to the
//! standby of the own site.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use constellation_lab::placement::client::{Answer, Client};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_postgres::config::SslMode;
use tokio_postgres::error::{DbError, Severity};
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Config, NoTls, Row};

use super::answers::{Deadline, Failed, shown, written};
use super::reach::{Reach, attend};
use super::seat::{Reads, Seat};

const CREATE: &str = "CREATE TABLE IF NOT EXISTS kept (key text PRIMARY KEY, value bigint NOT NULL)";
const WRITE: &str =
    "INSERT INTO kept (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value";
const READ: &str = "SELECT value::text FROM kept WHERE key = $1";
/// How many standbys stream from the primary, and are synchronous where they are to be.
const STREAMING: &str = "SELECT count(*)::text FROM pg_stat_replication \
    WHERE state = 'streaming' AND (sync_state <> 'async' OR current_setting('synchronous_standby_names') = '')";
/// Whether a standby streams and has the table.
const FOLLOWS: &str = "SELECT count(*)::text FROM pg_stat_wal_receiver \
    WHERE status = 'streaming' AND to_regclass('kept') IS NOT NULL";

/// Classes of `SQLSTATE` with which one statement may have been committed all the same: a broken connection, the shutdown of
/// a server (which says so of a commit that waited for standbys: it is done here, and perhaps nowhere else), an end that the
/// server does not know, and what should not happen. An error of any other class undid the statement.
const MAY_BE_DONE: [&str; 5] = ["08", "40003", "57P", "58", "XX"];

type Parameters<'a> = &'a [(&'a (dyn ToSql + Sync), Type)];

/// Is the adapter.
pub(super) fn run(arguments: &[String]) -> Result<(), String> {
    attend(arguments, Postgres::new)
}

/// A client of a replicated PostgreSQL.
struct Postgres {
    seat: Seat,
    runtime: Runtime,
    sessions: BTreeMap<SocketAddr, Session>,
}

/// A connection, whose task moves what is sent and received; dropped, it closes at once, whatever it waits for. Nothing is
/// cancelled: a commit that waits for a standby and is cancelled would be shown to everybody.
struct Session {
    client: tokio_postgres::Client,
    carrier: JoinHandle<()>,
}

impl Drop for Session {
    fn drop(&mut self) {
        self.carrier.abort();
    }
}

impl Postgres {
    fn new(seat: &Seat) -> Postgres {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("a runtime of one thread needs a few descriptors only");
        Postgres { seat: seat.clone(), runtime, sessions: BTreeMap::new() }
    }

    fn primary(&self) -> SocketAddr {
        self.seat.servers[0]
    }

    /// Runs one statement in a transaction of its own, for one trip to the server.
    fn ask(&mut self, server: SocketAddr, sql: &str, with: Parameters<'_>) -> Result<Vec<Row>, Failed> {
        let deadline = Deadline::new();
        // Each client asks one thing at a time, so a session is in nobody's way while it is taken out.
        let known = self.sessions.remove(&server).filter(|session| !session.client.is_closed());
        let session = match known {
            Some(session) => session,
            None => self.runtime.block_on(connect(server, deadline))?,
        };
        let asked = self
            .runtime
            .block_on(async { timeout(deadline.left(), session.client.query_typed(sql, with)).await });
        // The server goes on with what we no longer wait for, and the session is dropped with it.
        let answered = asked.map_err(|_| Failed::sent(server, "timed out"))?;
        match answered {
            Ok(rows) => {
                self.sessions.insert(server, session);
                Ok(rows)
            }
            Err(error) => match error.as_db_error() {
                Some(said) if is_undone(said) => {
                    self.sessions.insert(server, session);
                    Err(Failed::Refused(format!("{server} refused: {}", said.message())))
                }
                Some(said) => Err(Failed::Unknown(format!("{server}: {}", said.message()))),
                None => Err(Failed::sent(server, told(&error))),
            },
        }
    }

    /// The only value of the only row, if there is a row.
    fn look(
        &mut self,
        server: SocketAddr,
        sql: &str,
        with: Parameters<'_>,
    ) -> Result<Option<String>, Failed> {
        let rows = self.ask(server, sql, with)?;
        let value = rows.first().map(|row| row.try_get(0)).transpose();
        value.map_err(|error| Failed::Unknown(error.to_string()))
    }
}

/// Whether the server says that the statement took no effect: an error of severity `ERROR` undoes the transaction that the
/// statement is, such as *cannot execute INSERT in a read-only transaction* of a standby. `FATAL` and `PANIC` end a session
/// whose commit may be done.
fn is_undone(said: &DbError) -> bool {
    let code = said.code().code();
    said.parsed_severity() == Some(Severity::Error)
        && !MAY_BE_DONE.iter().any(|class| code.starts_with(class))
}

/// Whoever refuses the session itself (starting, shutting down, too many sessions) has run nothing.
async fn connect(server: SocketAddr, deadline: Deadline) -> Result<Session, Failed> {
    let mut config = Config::new();
    config.hostaddr(server.ip()).port(server.port()).user("postgres").dbname("postgres");
    config.ssl_mode(SslMode::Disable).application_name("constellation");
    let connected = timeout(deadline.left(), config.connect(NoTls)).await;
    let connected = connected.map_err(|_| Failed::unsent(server, "timed out"))?;
    let (client, connection) = connected.map_err(|error| match error.as_db_error() {
        Some(said) => Failed::unsent(server, said.message()),
        None => Failed::unsent(server, told(&error)),
    })?;
    // What ends it is told by what was asked.
    let carrier = tokio::spawn(async { drop(connection.await) });
    Ok(Session { client, carrier })
}

/// What is behind an error, which itself says only in which part of the library it came up.
fn told(error: &tokio_postgres::Error) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string)
}

impl Client for Postgres {
    fn write(&mut self, key: &str, value: u64, _over: &[u64]) -> Answer {
        let Ok(value) = i64::try_from(value) else {
            return Answer::Refused(format!("{value} is more than a bigint holds"));
        };
        let with: Parameters<'_> = &[(&key, Type::TEXT), (&value, Type::INT8)];
        written(self.ask(self.primary(), WRITE, with).map(|_| ()))
    }

    fn read(&mut self, key: &str) -> Answer {
        let server = match self.seat.reads {
            Reads::Leader => self.primary(),
            Reads::Local => self.seat.own(),
        };
        shown(self.look(server, READ, &[(&key, Type::TEXT)]))
    }
}

impl Reach for Postgres {
    /// That there is a table, and that every standby streams.
    fn ready(&mut self) -> Result<(), String> {
        let (own, others) = (self.seat.own(), self.seat.servers.len() - 1);
        let is_primary = self.seat.site == 0;
        let (sql, expected) = if is_primary { (STREAMING, others) } else { (FOLLOWS, 1) };
        let found = self.look(own, sql, &[]).map_err(|failed| failed.to_string())?;
        if found != Some(expected.to_string()) {
            let found = found.unwrap_or_default();
            return Err(match is_primary {
                true => format!("{found} of {others} standbys stream from the primary at {own}"),
                false => format!("the standby at {own} does not stream, or has no table yet"),
            });
        }
        match is_primary {
            true => self.ask(own, CREATE, &[]).map(|_| ()).map_err(|failed| failed.to_string()),
            false => Ok(()),
        }
    }
}
