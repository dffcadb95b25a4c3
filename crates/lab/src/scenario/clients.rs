//! Who asks the nodes something of their own accord: `[[clients]]`.

use std::time::Duration;

use constellation_fabric::Odds;
use constellation_sim::clients::{Identity, Pace, Retry};
use constellation_trace::{Call, TrueTime};

use super::reader::{Field, Result, Section};
use super::steps::read_key;
use super::{Scenario, check_name, units};

/// Somebody who asks stations something, again and again, and waits for replies.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ClientRule {
    /// What it is called; no node is called so.
    pub name: String,
    /// Which stations it asks: the first, and when a reply does not come in time the next.
    pub stations: Vec<String>,
    /// When it begins.
    pub begin: TrueTime,
    /// When its next operation begins.
    pub pace: Pace,
    /// What becomes of a request that nobody answers.
    pub retry: Retry,
    /// How many operations it begins, if the run is long enough.
    pub operations: u32,
    /// Under which keys it reads and writes, in turn.
    pub keys: Vec<String>,
    /// Which share of its operations are reads.
    pub reads: Odds,
}

/// The most clients of a scenario.
const CLIENTS_MAX: usize = 100;
/// The most operations of a client.
const OPERATIONS_MAX: u32 = 10_000;
/// The most retries of an operation.
const RETRIES_MAX: u32 = 100;
/// The longest that an operation may take with all its retries: the run goes on until the last has ended.
const OPERATION_MAX: Duration = Duration::from_secs(3_600);

const CLIENT_KEYS: [&str; 13] = [
    "name",
    "stations",
    "loop",
    "every",
    "think",
    "begin",
    "operations",
    "keys",
    "reads",
    "timeout",
    "retries",
    "backoff",
    "identity",
];
const IDENTITIES: [(&str, Identity); 2] = [("kept", Identity::Kept), ("renewed", Identity::Renewed)];
const LOOPS: [(&str, Loop); 2] = [("open", Loop::Open), ("closed", Loop::Closed)];

#[derive(Clone, Copy)]
enum Loop {
    Open,
    Closed,
}

impl ClientRule {
    /// What it asks, in order: reads and writes in even mixture, each kind going through the keys in turn, and every
    /// value another.
    pub fn calls(&self) -> Vec<Call> {
        let mut calls = Vec::new();
        let (mut reads, mut writes) = (0_usize, 0_usize);
        for nth in 0..u64::from(self.operations) {
            let Some(last) = self.keys.len().checked_sub(1) else { break };
            let key = |count: usize| self.keys[count % (last + 1)].clone();
            // A read is due whenever the share of all so far passes another whole number.
            let due = |count: u64| count * u64::from(self.reads.per_million()) / 1_000_000;
            if due(nth + 1) > due(nth) {
                calls.push(Call::Read { key: key(reads) });
                reads += 1;
            } else {
                writes += 1;
                calls.push(Call::Write { key: key(writes - 1), value: format!("{}-{writes}", self.name) });
            }
        }
        calls
    }

    /// The keys that it reads or writes; none without operations.
    pub(crate) fn keys_asked(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map(|key| &**key).filter(|_| self.operations > 0)
    }
}

impl Scenario {
    pub(super) fn read_clients(&self, field: &Field<'_>) -> Result<Vec<ClientRule>> {
        let sections = field.sections("[[clients]]")?;
        if sections.len() > CLIENTS_MAX {
            return Err(field.refuse(format!("a scenario has at most {CLIENTS_MAX} clients")));
        }
        let mut clients: Vec<ClientRule> = Vec::new();
        for section in &sections {
            section.only(&CLIENT_KEYS)?;
            let named = section.require("name")?;
            let name = named.text()?;
            check_name(name, &named.span)?;
            let names = self.nodes.iter().chain(clients.iter().map(|client| &client.name));
            if names.into_iter().any(|other| other == name) {
                return Err(named
                    .refuse(format!("`{name}` names a node or another client already"))
                    .help("a client is a node of its own, with links of its own"));
            }
            clients.push(self.read_client(name, section)?);
        }
        Ok(clients)
    }

    fn read_client(&self, name: &str, section: &Section<'_>) -> Result<ClientRule> {
        let stations = section.require("stations")?;
        let stations_named = stations.texts()?;
        if stations_named.is_empty() {
            return Err(stations.refuse("a client asks at least one station"));
        }
        let operations = read_operations(&section.require("operations")?)?;
        let client = ClientRule {
            name: name.to_owned(),
            stations: stations_named
                .into_iter()
                .map(|(station, span)| self.node(station, span))
                .collect::<Result<_>>()?,
            begin: TrueTime::from_ns(0).saturating_add(read_duration(section, "begin", Duration::ZERO)?),
            pace: read_pace(section)?,
            retry: read_retry(section)?,
            operations,
            keys: read_keys(&section.require("keys")?)?,
            reads: match section.get("reads") {
                Some(field) => field.parsed("a share such as \"50%\", at most 100%", units::odds)?,
                None => Odds::ppm(500_000).expect("half of a million"),
            },
        };
        self.refuse_late(&client, section)?;
        Ok(client)
    }

    /// A plan that is longer than its run.
    fn refuse_late(&self, client: &ClientRule, section: &Section<'_>) -> Result<()> {
        let mut last = client.begin;
        if let Pace::Open { every } = client.pace {
            last = last.saturating_add(every.saturating_mul(client.operations - 1));
        }
        if last < self.end {
            return Ok(());
        }
        let late = if client.begin < self.end { "operations" } else { "begin" };
        // The default of `begin` is the start, which comes after the end of a run that takes no time.
        let field = section.get(late).map_or_else(|| section.require("name"), Ok)?;
        Err(field
            .refuse(format!("an operation would begin at {last}, when the run has ended at {}", self.end))
            .help("make `end` later, or let fewer operations begin, or earlier"))
    }
}

fn read_operations(field: &Field<'_>) -> Result<u32> {
    let wanted = "a whole number, 1 to 10000";
    let count = u32::try_from(field.integer(wanted)?).unwrap_or(u32::MAX);
    if (1..=OPERATIONS_MAX).contains(&count) {
        return Ok(count);
    }
    Err(field.refuse(format!("a client begins 1 to {OPERATIONS_MAX} operations")))
}

fn read_keys(field: &Field<'_>) -> Result<Vec<String>> {
    if field.value.is_str() {
        return Ok(vec![read_key(field)?]);
    }
    let keys = field.elements()?.iter().map(read_key).collect::<Result<Vec<_>>>()?;
    if keys.is_empty() { Err(field.refuse("a client asks for at least one key")) } else { Ok(keys) }
}

fn read_duration(section: &Section<'_>, key: &'static str, default: Duration) -> Result<Duration> {
    let field = section.get(key);
    field.map_or(Ok(default), |field| field.parsed("a duration such as \"250ms\"", units::duration))
}

fn read_pace(section: &Section<'_>) -> Result<Pace> {
    let (every, think) = (section.get("every"), section.get("think"));
    match (section.require("loop")?.one_of(&LOOPS)?, every, think) {
        (Loop::Open, _, Some(think)) => Err(think
            .refuse("who begins operations in an open loop does not think between them")
            .help("leave `think` out, or say loop = \"closed\"")),
        (Loop::Closed, Some(every), _) => Err(every
            .refuse("in a closed loop an operation begins when the last one has ended, not every so often")
            .help("leave `every` out, or say loop = \"open\"")),
        (Loop::Open, Some(field), _) => {
            let every = read_duration(section, "every", Duration::ZERO)?;
            if every.is_zero() {
                return Err(
                    field.refuse("an open loop begins an operation every so often, not all of them at once")
                );
            }
            Ok(Pace::Open { every })
        }
        (Loop::Open, None, _) => section.require("every").map(|_| Pace::Open { every: Duration::ZERO }),
        (Loop::Closed, None, _) => {
            Ok(Pace::Closed { think: read_duration(section, "think", Duration::ZERO)? })
        }
    }
}

fn read_retry(section: &Section<'_>) -> Result<Retry> {
    let timeout = read_duration(section, "timeout", Retry::NEVER.timeout)?;
    if let Some(field) = section.get("timeout").filter(|_| timeout.is_zero()) {
        return Err(field.refuse("a client that waits for no time never hears a reply"));
    }
    let retries = section.get("retries");
    let retries_max = match &retries {
        Some(field) => u32::try_from(field.integer("a whole number, 0 to 100")?).unwrap_or(u32::MAX),
        None => 0,
    };
    if let Some(field) = retries.filter(|_| retries_max > RETRIES_MAX) {
        return Err(field.refuse(format!("a client asks again at most {RETRIES_MAX} times")));
    }
    let mut retry = Retry::times(retries_max, timeout);
    retry.backoff = read_duration(section, "backoff", Duration::ZERO)?;
    if let Some(field) = section.get("identity") {
        retry.identity = field.one_of(&IDENTITIES)?;
    }
    if retry.longest() > OPERATION_MAX {
        let field = ["backoff", "timeout", "retries"].into_iter().find_map(|key| section.get(key));
        let field = field.expect("without any of these an operation takes a second");
        return Err(field
            .refuse("an operation of this client could take more than an hour until it gives up")
            .help("fewer retries, or a shorter time-out or backoff; each backoff is twice the one before"));
    }
    Ok(retry)
}
