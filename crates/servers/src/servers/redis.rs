//! Redis: a primary at site 0 and a replica at each other site, alone or with a Sentinel at each site that makes another
//! primary.

use std::net::SocketAddr;
use std::time::Duration;

use super::mode;
use crate::adapters::seat::{Reads, Seat, Task};
use crate::server::{Fresh, Mode, Need, Program, Server, ServerInfo, Sites, Step};

/// Where clients and replicas are served.
const PORT: u16 = 6379;
/// Where Sentinel is.
const SENTINEL_PORT: u16 = 26_379;
/// What Sentinel calls the primary that it watches.
pub const PRIMARY_NAME: &str = "constellation";
/// The end of the names of modes in which replicas answer reads.
const REPLICA_READS: &str = "-replica-reads";

/// Redis with replication.
#[derive(Clone, Copy, Debug)]
pub struct Redis {
    watch: Watch,
}

/// Whether anybody makes another primary where that at site 0 is gone.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Watch {
    Nobody,
    Sentinel,
}

/// How a write is made surer, in the order of the modes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Safety {
    Async,
    Wait(u32),
    MinReplicas,
}

const SAFETIES: [(&str, Safety, &str); 4] = [
    ("async", Safety::Async, "a write waits for no replica"),
    ("wait-1", Safety::Wait(1), "a write is followed by WAIT for one replica"),
    ("wait-2", Safety::Wait(2), "a write is followed by WAIT for two replicas"),
    (
        "min-replicas",
        Safety::MinReplicas,
        "a primary refuses writes that heard of no replica for two seconds",
    ),
];

impl Redis {
    /// The primary is that of site 0 for ever.
    pub const ALONE: Redis = Redis { watch: Watch::Nobody };
    /// Three Sentinels make another primary.
    pub const WATCHED: Redis = Redis { watch: Watch::Sentinel };

    /// What the documents promise is the same in all of them: replication is asynchronous, and "WAIT does not make Redis a
    /// strongly consistent store". So none claims a model.
    fn modes(self) -> Vec<Mode> {
        let reads =
            [("", "the primary answers reads"), (REPLICA_READS, "each site's own server answers reads")];
        let mut modes = Vec::new();
        for (name, safety, says) in SAFETIES {
            for (end, reads) in reads {
                let declared = match (self.watch, safety, end) {
                    (Watch::Nobody, Safety::Async | Safety::MinReplicas, REPLICA_READS) => {
                        Some("replication without fail-over, reads at replicas")
                    }
                    (Watch::Sentinel, Safety::Async | Safety::MinReplicas, "") => {
                        Some("Sentinel, reads at the master")
                    }
                    (Watch::Sentinel, Safety::Wait(_), "") => {
                        Some("WAIT after each write, with Sentinel or Cluster")
                    }
                    _ => None,
                };
                let declared = declared.map(|setting| ("redis", setting));
                modes.push(mode(&format!("{name}{end}"), &format!("{says}, and {reads}"), None, declared));
            }
        }
        modes
    }

    fn seat(self, mode: &Mode, sites: &Sites, site: usize) -> Seat {
        let reach = |port| (0..sites.count()).map(|target| sites.reach(site, target, port)).collect();
        let watchers = if self.watch == Watch::Sentinel { reach(SENTINEL_PORT) } else { Vec::new() };
        let reads = if mode.name.ends_with(REPLICA_READS) { Reads::Local } else { Reads::Leader };
        let confirm = if let Safety::Wait(count) = safety(mode) { count } else { 0 };
        Seat { watchers, reads, confirm, ..Seat::new(site, reach(PORT)) }
    }
}

fn safety(mode: &Mode) -> Safety {
    let found = SAFETIES
        .iter()
        .find(|(name, ..)| mode.name.strip_suffix(REPLICA_READS).unwrap_or(&mode.name) == *name);
    found.expect("a mode is one of those above").1
}

impl Server for Redis {
    fn info(&self) -> ServerInfo {
        let (name, title) = match self.watch {
            Watch::Nobody => ("redis", "Redis"),
            Watch::Sentinel => ("redis-sentinel", "Redis with Sentinel"),
        };
        ServerInfo {
            name: name.to_owned(),
            title: title.to_owned(),
            needs: vec![Need {
                program: "redis-server".to_owned(),
                folders: Vec::new(),
                package: "redis-server".to_owned(),
            }],
            version: vec!["--version".to_owned()],
            modes: self.modes(),
            fresh: Fresh::Keys,
            ready_within: Duration::from_secs(30),
        }
    }

    fn start(&self, mode: &Mode, sites: &Sites) -> Vec<(usize, Step)> {
        let mut steps: Vec<(usize, Step)> = Vec::new();
        for site in 0..sites.count() {
            let text = settings(mode, sites, site);
            steps.push((site, Step::File { path: "redis/redis.conf".into(), text }));
            let program = Program::named("redis-server", ["redis.conf"]);
            steps.push((site, Step::Begin { name: "redis".to_owned(), program }));
        }
        if self.watch == Watch::Sentinel {
            // Sentinel looks for replicas every ten seconds only, so they are there before it is.
            for site in 0..sites.count() {
                let seat = Seat { watchers: Vec::new(), task: Task::Wait, ..self.seat(mode, sites, site) };
                let program = Program::adapter("redis", seat.arguments());
                steps.push((site, Step::Run { program, within: Duration::from_secs(20) }));
            }
            for site in 0..sites.count() {
                let text = sentinel(sites.listen(site, SENTINEL_PORT), sites.reach(site, 0, PORT));
                steps.push((site, Step::File { path: "sentinel/sentinel.conf".into(), text }));
                let program = Program::named("redis-server", ["sentinel.conf", "--sentinel"]);
                steps.push((site, Step::Begin { name: "sentinel".to_owned(), program }));
            }
        }
        steps
    }

    fn adapter(&self, mode: &Mode, sites: &Sites, site: usize) -> Program {
        Program::adapter("redis", self.seat(mode, sites, site).arguments())
    }

    fn ports(&self) -> Vec<u16> {
        match self.watch {
            Watch::Nobody => vec![PORT],
            // Sentinels tell clients and each other one address of each server, whoever asks.
            Watch::Sentinel => Vec::new(),
        }
    }
}

/// A file, which a server also writes: in it Sentinel notes who is primary now (`CONFIG REWRITE`). Told on its command line
/// instead, a server that was made primary would begin again as a replica of one that follows itself.
fn settings(mode: &Mode, sites: &Sites, site: usize) -> String {
    let (listen, primary) = (sites.listen(site, PORT), sites.reach(site, 0, PORT));
    let mut settings = vec![
        ("bind", listen.ip().to_string()),
        ("port", listen.port().to_string()),
        ("protected-mode", "no".to_owned()),
        // A primary that comes back with nothing would have its replicas throw away all that they hold.
        ("appendonly", "yes".to_owned()),
        // Where a replica comes from need not be where it listens.
        ("replica-announce-ip", listen.ip().to_string()),
        // There is nobody else to wait for.
        ("repl-diskless-sync-delay", "0".to_owned()),
    ];
    if site > 0 {
        settings.push(("replicaof", format!("{} {}", primary.ip(), primary.port())));
    }
    if safety(mode) == Safety::MinReplicas {
        settings.push(("min-replicas-to-write", "1".to_owned()));
        settings.push(("min-replicas-max-lag", "2".to_owned()));
    }
    settings.iter().map(|(name, value)| format!("{name} {value}\n")).collect()
}

/// The time-outs are shorter than those of the documents, 30 s and 180 s: a fail-over is to be over within a round.
fn sentinel(listen: SocketAddr, primary: SocketAddr) -> String {
    format!(
        "bind {}\nport {}\nprotected-mode no\nsentinel announce-ip {}\n\
         sentinel monitor {PRIMARY_NAME} {} {} 2\n\
         sentinel down-after-milliseconds {PRIMARY_NAME} 1000\n\
         sentinel failover-timeout {PRIMARY_NAME} 5000\n",
        listen.ip(),
        listen.port(),
        listen.ip(),
        primary.ip(),
        primary.port(),
    )
}
