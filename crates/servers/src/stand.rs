//! The stand on which real servers are placed: a testbed with a server and its adapters.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use constellation_fabric::{Link, NodeId};
use constellation_lab::placement::SITE_NAMES;
use constellation_lab::placement::client::{Answer, Ask, Kind};
use constellation_lab::placement::protocol::{Cutting, Way};
use constellation_testbed::{Disk, OutputEnd, Process, Said, Testbed, TestbedError, Wall};
use constellation_trace::TrueTime;

use crate::adapter::LINE_MAX;
use crate::clients::{Clients, Fault, Heard, Which, Wrong};
use crate::drive::{Happened, Lateness, Stand};
use crate::server::{Mode, Server, ServerInfo};
use crate::start::{Begun, LOOK, StartError, Starter, check, end_of, how, sites};

/// Between two tries whether a site answers.
const PAUSE: Duration = Duration::from_millis(100);
/// How long a site may refuse writes, while others take them, before it counts as one that does so always.
const REFUSES: Duration = Duration::from_secs(3);

/// Why there is nothing to measure.
#[derive(Debug)]
#[non_exhaustive]
pub enum StandError {
    /// The server does not run.
    Start(StartError),
    /// An adapter does what none may do, before anything was measured.
    Adapter {
        /// What it did.
        fault: Fault,
        /// The end of its log.
        log: Vec<String>,
    },
    /// A site did not answer in its time.
    Silent {
        /// Which site.
        site: usize,
        /// What it was asked.
        kind: Kind,
        /// What it said last, if anything.
        last: Option<Answer>,
        /// How long it had.
        within: Duration,
    },
    /// The user has had enough.
    Interrupted,
}

impl fmt::Display for StandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StandError::Start(error) => error.fmt(f),
            StandError::Adapter { fault, log } => {
                write!(f, "{fault}")?;
                log.iter().try_for_each(|line| write!(f, "\n  {line}"))
            }
            StandError::Silent { site, kind, last, within } => {
                let (site, within) = (SITE_NAMES[*site], within.as_secs());
                write!(f, "no {kind} at {site} was answered within {within} s of the start: ")?;
                match last {
                    Some(Answer::Refused(reason)) => write!(f, "it is refused, {reason}"),
                    Some(Answer::Unknown(reason)) => write!(f, "nobody knows what became of it, {reason}"),
                    Some(Answer::Ok(_)) | None => f.write_str("the adapter says nothing"),
                }
            }
            StandError::Interrupted => f.write_str("it was interrupted before anything was measured"),
        }
    }
}

impl std::error::Error for StandError {}

impl From<StartError> for StandError {
    fn from(error: StartError) -> StandError {
        match error {
            StartError::Interrupted => StandError::Interrupted,
            error => StandError::Start(error),
        }
    }
}

impl From<TestbedError> for StandError {
    fn from(error: TestbedError) -> StandError {
        StandError::Start(error.into())
    }
}

/// What is to stand.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The server.
    pub server: &'a dyn Server,
    /// What it says of itself.
    pub info: &'a ServerInfo,
    /// In which mode.
    pub mode: &'a Mode,
    /// The program that is each adapter.
    pub program: &'a Path,
    /// Set when the user has had enough.
    pub stop: &'a AtomicBool,
}

/// A testbed on which a server runs, with its adapters.
#[derive(Debug)]
pub struct Running<'a> {
    testbed: &'a Testbed,
    wanted: Wanted<'a>,
    servers: Vec<Begun>,
    adapters: Vec<(Which, Arc<Process>)>,
    clients: Clients,
    says: (Sender<Line>, Receiver<Line>),
    /// What was noted of packets when it was last asked.
    before: constellation_testbed::Lateness,
    /// The last id that was given.
    ids: u64,
}

/// What an adapter said.
#[derive(Debug)]
struct Line {
    which: Which,
    said: Said,
}

impl<'a> Running<'a> {
    /// Starts the server and its adapters, and waits until each site answers.
    ///
    /// # Errors
    /// [`StandError`]; then nothing is left of it.
    pub fn start(testbed: &'a Testbed, wanted: Wanted<'a>) -> Result<Running<'a>, StandError> {
        Running::start_with(testbed, wanted, Wall::True)
    }

    /// As [`Running::start`], with servers whose wall clocks show this.
    ///
    /// # Errors
    /// As there; and if a clock cannot be made to lie to a server that is to be lied to.
    pub fn start_with(
        testbed: &'a Testbed,
        wanted: Wanted<'a>,
        wall: Wall,
    ) -> Result<Running<'a>, StandError> {
        let Wanted { program, info, stop, .. } = wanted;
        let starter = Starter { testbed, program, info, wall, stop };
        let mut running = Running {
            testbed,
            wanted,
            servers: starter.start(wanted.server, wanted.mode)?,
            adapters: Vec::new(),
            clients: Clients::new(testbed.len()),
            says: channel(),
            before: testbed.lateness(),
            ids: 0,
        };
        running.begin_adapters()?;
        running.wait_until_it_answers()?;
        Ok(running)
    }

    /// A number from which on no ask has one.
    pub const fn next_id(&self) -> u64 {
        self.ids + 1
    }

    /// The sites, and the servers that run there.
    pub(crate) fn parts(&mut self) -> (&'a Testbed, &mut [Begun]) {
        (self.testbed, &mut self.servers)
    }

    fn begin_adapters(&mut self) -> Result<(), StandError> {
        for site in 0..self.testbed.len() {
            self.begin_adapter(site)?;
        }
        let within = self.wanted.info.ready_within;
        let until = self.now() + within;
        while !self.clients.are_ready() {
            match self.hear(until.min(self.now() + LOOK))? {
                Some((which, Heard::Ready { processes })) => {
                    (1..processes).try_for_each(|_| self.begin_adapter(which.site))?;
                }
                Some(_) => {}
                // An adapter may wait for a server that will never be there.
                None => check(&self.servers)?,
            }
            if self.now() >= until {
                let Some(adapter) = self.clients.not_ready() else { break };
                let what = Wrong::NotReady { within };
                return Err(self.amiss(Fault { adapter, what }));
            }
        }
        Ok(())
    }

    fn begin_adapter(&mut self, site: usize) -> Result<(), StandError> {
        let which = self.clients.begun(site);
        let wanted = self.wanted;
        let (testbed, Wanted { program, info, stop, .. }) = (self.testbed, wanted);
        let starter = Starter { testbed, program, info, wall: Wall::True, stop };
        let program = wanted.server.adapter(wanted.mode, &sites(self.testbed), site);
        let process = Arc::new(starter.adapter(site, which.nth, &program)?);
        self.adapters.push((which, Arc::clone(&process)));
        let says = self.says.0.clone();
        // Ends with the process, which ends with us.
        thread::spawn(move || {
            loop {
                let said = process.read_line(Duration::from_secs(1));
                let is_last = matches!(said, Said::End(_));
                if said != Said::Nothing && says.send(Line { which, said }).is_err() || is_last {
                    break;
                }
            }
        });
        Ok(())
    }

    /// Asks each site to write and to read, again and again, until it does both.
    ///
    /// # Errors
    /// As [`Running::start`].
    pub(crate) fn wait_until_it_answers(&mut self) -> Result<(), StandError> {
        let (begun, within) = (self.now(), self.wanted.info.ready_within);
        let rows = (0..self.testbed.len()).flat_map(|site| Kind::ALL.map(|kind| (site, kind)));
        let mut missing: Vec<(usize, Kind, Option<Answer>)> =
            rows.map(|(site, kind)| (site, kind, None)).collect();
        let mut written_at = None;
        while !missing.is_empty() {
            check(&self.servers)?;
            for place in (0..missing.len()).rev() {
                let (site, kind, _) = missing[place];
                let answer = self.try_once(site, kind)?;
                if matches!(answer, Some(Answer::Ok(_))) {
                    written_at = written_at.or((kind == Kind::Write).then(|| self.now()));
                    missing.remove(place);
                } else if answer.is_some() {
                    missing[place].2 = answer;
                }
            }
            let is_refused = |(_, kind, last): &(usize, Kind, Option<Answer>)| {
                *kind == Kind::Write && matches!(last, Some(Answer::Refused(_)))
            };
            if missing.iter().all(is_refused) && written_at.is_some_and(|at| self.now() > at + REFUSES) {
                break;
            }
            if self.now() > begun + within {
                let Some((site, kind, last)) = missing.pop() else { break };
                return Err(StandError::Silent { site, kind, last, within });
            }
        }
        Ok(())
    }

    /// Asks once, under a key that no round uses.
    fn try_once(&mut self, site: usize, kind: Kind) -> Result<Option<Answer>, StandError> {
        self.ids += 1;
        let (id, until) = (self.ids, self.now() + Duration::from_secs(1));
        let key = format!("ready-{site}-{id}");
        let ask = match kind {
            Kind::Write => Ask::write(key, 1),
            Kind::Read => Ask::read(key),
        };
        self.ask(site, 0, id, &ask);
        let mut answered = None;
        while answered.is_none() && self.now() < until {
            if let Some((_, Heard::Answered { id: of, answer })) = self.hear(until)?
                && of == id
            {
                answered = Some(answer);
            }
        }
        if !matches!(answered, Some(Answer::Ok(_))) {
            thread::sleep(PAUSE);
        }
        Ok(answered)
    }

    /// Hears something of an adapter, before that time; for whoever takes each fault for an end.
    fn hear(&mut self, until: Duration) -> Result<Option<(Which, Heard)>, StandError> {
        match self.listen(until) {
            Listened::Nothing => Ok(None),
            Listened::Heard(which, _, heard) => Ok(Some((which, heard))),
            Listened::Failed(fault) => {
                check(&self.servers)?;
                Err(self.amiss(fault))
            }
            Listened::Interrupted => Err(StandError::Interrupted),
        }
    }

    fn amiss(&self, fault: Fault) -> StandError {
        let process = self.adapters.iter().find(|(which, _)| *which == fault.adapter);
        let log = process.map_or_else(Vec::new, |(_, process)| end_of(process.log()));
        StandError::Adapter { fault, log }
    }

    fn listen(&mut self, until: Duration) -> Listened {
        loop {
            self.flush();
            if self.wanted.stop.load(Ordering::Relaxed) {
                return Listened::Interrupted;
            }
            let wait = until.saturating_sub(self.now()).min(LOOK);
            let line = match self.says.1.recv_timeout(wait) {
                Ok(line) => line,
                // We hold a sender ourselves, so that it is never disconnected.
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) if self.now() >= until => {
                    return Listened::Nothing;
                }
                Err(_) => continue,
            };
            match self.take(line) {
                Ok(None) => {}
                Ok(Some((which, at, heard))) => return Listened::Heard(which, at, heard),
                Err(fault) => return Listened::Failed(fault),
            }
        }
    }

    fn take(&mut self, Line { which, said }: Line) -> Result<Option<(Which, Duration, Heard)>, Fault> {
        let what = match said {
            Said::Line { at, bytes } => {
                let text = String::from_utf8_lossy(&bytes);
                let heard = self.clients.hear(which, &text)?;
                return Ok(heard.map(|heard| (which, since_the_start(at), heard)));
            }
            Said::End(OutputEnd::Closed) => {
                let process = self.adapters.iter().find(|(other, _)| *other == which);
                let ended = process.and_then(|(_, process)| process.wait(Duration::from_secs(1)));
                let how = ended.map_or_else(|| "its output".to_owned(), |ended| how(ended.exit));
                Wrong::Ended { how }
            }
            Said::End(end) => Wrong::Output { how: in_words(end) },
            _ => return Ok(None),
        };
        self.clients.failed(which, what).map_or(Ok(None), Err)
    }

    /// Writes what is to be asked now.
    fn flush(&mut self) {
        for (which, line) in self.clients.lines(self.now()) {
            let process = self.adapters.iter().find(|(other, _)| *other == which);
            // One that has ended says so by the end of its output.
            if let Some((_, process)) = process {
                let _ = process.write_line(line.trim_end());
            }
        }
    }
}

/// What was heard.
enum Listened {
    Nothing,
    Heard(Which, Duration, Heard),
    Failed(Fault),
    Interrupted,
}

impl Stand for Running<'_> {
    fn now(&self) -> Duration {
        since_the_start(self.testbed.now())
    }

    fn set_delays(&mut self, delay: &dyn Fn(usize, usize) -> Duration) {
        let nodes: Vec<NodeId> = self.testbed.sites().map(constellation_testbed::Site::node).collect();
        let set = self.testbed.network(|network| {
            network.end_cuts();
            for (source, from) in nodes.iter().enumerate() {
                for (target, to) in nodes.iter().enumerate().filter(|(target, _)| *target != source) {
                    let takes = delay(source, target);
                    network.set_link(
                        *from,
                        *to,
                        Link { latency_min: takes, latency_max: takes, ..Link::INSTANT },
                    );
                }
            }
        });
        set.expect("a link that only takes a time makes sense");
    }

    fn cut(&mut self, cutting: Cutting) {
        let nodes: Vec<NodeId> = self.testbed.sites().map(constellation_testbed::Site::node).collect();
        if cutting == Cutting::Heal {
            return self.testbed.heal();
        }
        let others = |site: usize| -> Vec<NodeId> {
            nodes.iter().enumerate().filter(|(other, _)| *other != site).map(|(_, node)| *node).collect()
        };
        let cut = self.testbed.network(|network| match cutting {
            Cutting::Cut { site, way: Way::Both } => network.partition(&[nodes[site]], &others(site)),
            Cutting::Cut { site, way: Way::From } => network.cut(&[nodes[site]], &others(site)),
            Cutting::Cut { site, way: Way::To } => network.cut(&others(site), &[nodes[site]]),
            Cutting::Split { sites } => {
                let rest: Vec<NodeId> =
                    others(sites[0]).into_iter().filter(|node| *node != nodes[sites[1]]).collect();
                network.partition(&sites.map(|site| nodes[site]), &rest);
            }
            Cutting::Link { source, target } => network.cut(&[nodes[source]], &[nodes[target]]),
            Cutting::Heal => {}
        });
        cut.expect("a cut changes no link");
    }

    fn ask(&mut self, site: usize, client: u32, id: u64, ask: &Ask) {
        self.ids = self.ids.max(id);
        self.clients.ask(self.now(), site, (id, client), ask);
        self.flush();
    }

    fn kill(&mut self, site: usize) -> Result<(), String> {
        let mut of_site = self.servers.iter().filter(|server| server.site == site);
        of_site
            .try_for_each(|server| server.process.kill().map(|_| ()))
            .map_err(|error| format!("the server at {} cannot be killed: {error}", SITE_NAMES[site]))
    }

    fn restart(&mut self, site: usize) -> Result<(), String> {
        let mut of_site = self.servers.iter_mut().filter(|server| server.site == site);
        of_site
            .try_for_each(|server| server.process.restart(Disk::Kept))
            .map_err(|error| format!("the server at {} cannot be begun again: {error}", SITE_NAMES[site]))
    }

    fn next(&mut self, until: Duration) -> Happened {
        loop {
            match self.listen(until) {
                Listened::Nothing => return Happened::Nothing,
                Listened::Heard(_, at, Heard::Answered { id, answer }) => {
                    return Happened::Answered { id, at, answer };
                }
                Listened::Heard(..) => {}
                Listened::Failed(fault) => return Happened::Failed(fault),
                Listened::Interrupted => return Happened::Interrupted,
            }
        }
    }

    fn lateness(&mut self) -> Lateness {
        let now = self.testbed.lateness();
        let since = now.since(&self.before);
        self.before = now;
        // Of a thousand the latest may be luck.
        Lateness { typical: since.all_but(500_000), most: since.all_but(1_000) }
    }
}

impl Drop for Running<'_> {
    /// Nothing of it runs any more, so that another can stand on the same testbed.
    fn drop(&mut self) {
        let adapters = self.adapters.iter().map(|(_, process)| &**process);
        // Those of a site that is gone have ended.
        for process in adapters.chain(self.servers.iter().map(|begun| &begun.process)) {
            let _ = process.kill();
        }
    }
}

/// A time of the testbed as those of a round are.
fn since_the_start(at: TrueTime) -> Duration {
    Duration::from_nanos(at.ns())
}

fn in_words(end: OutputEnd) -> String {
    match end {
        OutputEnd::LineTooLong => format!("says a line of more than {LINE_MAX} bytes"),
        OutputEnd::Flood => "says more than anybody can listen to".to_owned(),
        OutputEnd::InputStuck => "does not read what it is asked".to_owned(),
        _ => "closed its output".to_owned(),
    }
}
