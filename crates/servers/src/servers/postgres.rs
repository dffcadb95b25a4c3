//! PostgreSQL: a primary at site 0 and a standby at each other site, by streaming replication; nobody promotes a standby.

use std::time::Duration;

use super::mode;
use crate::adapters::seat::{Reads, Seat};
use crate::server::{Fresh, Mode, Need, Program, Server, ServerInfo, Sites, Step, User};

/// Where clients and standbys are served.
const PORT: u16 = 5432;
/// Whoever comes is let in: the network of the sites has nobody else.
const ADMITTED: &str = "host all all all trust\nhost replication all all trust\n";

/// PostgreSQL with streaming replication.
#[derive(Clone, Copy, Debug)]
pub struct Postgres;

/// How a commit waits for standbys, by the beginning of a mode's name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Commit {
    Async,
    AnyOne,
    AppliedByAll,
}

impl Commit {
    fn of(mode: &Mode) -> Commit {
        match &mode.name {
            name if name.starts_with("any-1") => Commit::AnyOne,
            name if name.starts_with("remote-apply") => Commit::AppliedByAll,
            _ => Commit::Async,
        }
    }

    /// The values of `synchronous_standby_names` and `synchronous_commit`.
    fn settings(self, sites: &Sites) -> (String, &'static str) {
        let standbys: Vec<String> = sites.all[1..].iter().map(|site| format!("\"{}\"", site.name)).collect();
        let list = standbys.join(", ");
        match self {
            Commit::Async => (String::new(), "on"),
            Commit::AnyOne => (format!("ANY 1 ({list})"), "on"),
            Commit::AppliedByAll => (format!("FIRST {} ({list})", standbys.len()), "remote_apply"),
        }
    }
}

impl Server for Postgres {
    fn info(&self) -> ServerInfo {
        let need = |program: &str| Need {
            program: program.to_owned(),
            folders: vec!["/usr/lib/postgresql/*/bin".to_owned()],
            package: "postgresql".to_owned(),
        };
        ServerInfo {
            name: "postgres".to_owned(),
            title: "PostgreSQL".to_owned(),
            needs: vec![need("postgres"), need("initdb")],
            version: vec!["--version".to_owned()],
            modes: modes(),
            fresh: Fresh::Keys,
            ready_within: Duration::from_secs(30),
        }
    }

    fn start(&self, mode: &Mode, sites: &Sites) -> Vec<(usize, Step)> {
        let run = |program: Program| {
            let program = program.as_user(User::NotRoot);
            Step::Run { program, within: Duration::from_secs(60) }
        };
        let original = data(sites, 0);
        let initdb = ["--auth=trust", "--username=postgres", "--encoding=UTF8", "--no-locale", "--no-sync"];
        let initdb = initdb.into_iter().chain(["--no-instructions", "--pgdata", &original]);
        let mut steps = vec![(0, run(Program::named("initdb", initdb)))];
        for site in 1..sites.count() {
            steps.push((
                site,
                Step::File { path: "postgres/data/standby.signal".into(), text: String::new() },
            ));
            // A standby begins as a copy of the primary, which has not run yet.
            let copy = ["-a".to_owned(), format!("{original}/."), data(sites, site)];
            steps.push((site, run(Program::named("/bin/cp", copy))));
        }
        for site in 0..sites.count() {
            steps.push((site, Step::File { path: "admitted.conf".into(), text: ADMITTED.to_owned() }));
            let program = Program::named("postgres", arguments(mode, sites, site)).as_user(User::NotRoot);
            steps.push((site, Step::Begin { name: "postgres".to_owned(), program }));
        }
        steps
    }

    fn adapter(&self, mode: &Mode, sites: &Sites, site: usize) -> Program {
        let servers = (0..sites.count()).map(|target| sites.reach(site, target, PORT)).collect();
        let reads = if mode.name.ends_with("standby-reads") { Reads::Local } else { Reads::Leader };
        Program::adapter("postgres", Seat { reads, ..Seat::new(site, servers) }.arguments())
    }

    fn ports(&self) -> Vec<u16> {
        vec![PORT]
    }
}

fn modes() -> Vec<Mode> {
    let declared = |setting| Some(("postgresql", setting));
    vec![
        mode(
            "async",
            "a commit waits for no standby, and the primary answers reads",
            None,
            declared("asynchronous replication, reads at the primary"),
        ),
        mode(
            "async-standby-reads",
            "a commit waits for no standby, and each site's own server answers reads",
            None,
            declared("asynchronous replication, reads at standbys"),
        ),
        mode(
            "any-1",
            "a commit waits until one standby has it on disk, and the primary answers reads",
            None,
            declared("ANY 1, synchronous_commit=on, reads at the primary"),
        ),
        mode(
            "any-1-standby-reads",
            "a commit waits until one standby has it on disk, and each site's own server answers reads",
            None,
            None,
        ),
        mode(
            "remote-apply",
            "a commit waits until all standbys have applied it, and the primary answers reads",
            None,
            None,
        ),
        mode(
            "remote-apply-standby-reads",
            "a commit waits until all standbys have applied it, and each site's own server answers reads",
            // "In simple cases, this allows for load balancing with causal consistency."
            Some("causal"),
            declared("remote_apply at all standbys, reads anywhere"),
        ),
    ]
}

/// The folder of the server's data, in that of its process.
fn data(sites: &Sites, site: usize) -> String {
    sites.all[site].folder.join("postgres/data").display().to_string()
}

/// All is set on the command line, so that the files are those of `initdb`.
fn arguments(mode: &Mode, sites: &Sites, site: usize) -> Vec<String> {
    let (listen, primary) = (sites.listen(site, PORT), sites.reach(site, 0, PORT));
    let (names, commit) = Commit::of(mode).settings(sites);
    let source = format!(
        "host={} port={} user=postgres application_name={}",
        primary.ip(),
        primary.port(),
        sites.all[site].name
    );
    let mut settings = vec![
        ("listen_addresses", listen.ip().to_string()),
        ("port", listen.port().to_string()),
        ("unix_socket_directories", String::new()),
        ("hba_file", sites.all[site].folder.join("admitted.conf").display().to_string()),
        ("synchronous_standby_names", names),
        ("synchronous_commit", commit.to_owned()),
        // Commits that wait for a standby keep their sessions, also those whose clients have gone.
        ("max_connections", "600".to_owned()),
        ("shared_buffers", "32MB".to_owned()),
        // So that a standby that was cut off is back within a round.
        ("wal_retrieve_retry_interval", "500ms".to_owned()),
    ];
    if site > 0 {
        settings.push(("primary_conninfo", source));
    }
    let settings =
        settings.into_iter().flat_map(|(name, value)| ["-c".to_owned(), format!("{name}={value}")]);
    ["-D".to_owned(), data(sites, site)].into_iter().chain(settings).collect()
}
