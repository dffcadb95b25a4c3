//! A schedule of faults: what is done to the sites and when, drawn from a seed and written as text, a line each.
//!
//! ```text
//! schedule 1 seed 7 until 10000ms
//! 800ms..2300ms isolate pacific
//! 1900ms..4100ms kill atlantic
//! 4700ms..7000ms slow indian to pacific by 300ms
//! ```
//!
//! Times are since the beginning of the round. Each fault heals at the second one: a cut ends, a process that was killed begins
//! again with its folder, one that was paused goes on.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use constellation_lab::placement::SITE_NAMES;
use constellation_lab::placement::own::SITES;
use constellation_lab::words::one_line;

use super::luck::Luck;

/// What is done, and when.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Schedule {
    /// Which seed it was drawn from; it also decides what clients ask.
    pub seed: u64,
    /// When all is healed, whatever a fault says: a whole number of milliseconds, as all its times.
    pub until: Duration,
    /// The faults, by when they begin.
    pub faults: Vec<Fault>,
}

/// One of them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Fault {
    /// When it begins, since the beginning of the round.
    pub from: Duration,
    /// When it heals.
    pub until: Duration,
    /// What it is.
    pub harm: Harm,
}

/// What is done, as long as it lasts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Harm {
    /// What one site sends to the other is lost; not what the other sends.
    Cut {
        /// From which site.
        source: usize,
        /// To which.
        target: usize,
    },
    /// A site sends to nobody and hears nobody.
    Isolate {
        /// Which.
        site: usize,
    },
    /// All servers of a site are killed at once, and begun again with their folders.
    Kill {
        /// Which site.
        site: usize,
    },
    /// All servers of a site stand still, and then go on as if nothing had been.
    Pause {
        /// Which site.
        site: usize,
    },
    /// What one site sends to the other takes longer, by whole milliseconds.
    Slow {
        /// From which site.
        source: usize,
        /// To which.
        target: usize,
        /// By how much.
        by: Duration,
    },
    /// Of what one site sends to the other some is lost.
    Lose {
        /// From which site.
        source: usize,
        /// To which.
        target: usize,
        /// How much of a hundred.
        percent: u32,
    },
    /// The wall clock of a site's servers jumps, and back in the end.
    Clock {
        /// Of which site.
        site: usize,
        /// By how much it is ahead of the true time, in milliseconds; behind it if the number is negative.
        ahead_ms: i64,
    },
}

/// Of which kind a fault is.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum FaultKind {
    /// [`Harm::Cut`].
    Cut,
    /// [`Harm::Isolate`].
    Isolate,
    /// [`Harm::Kill`].
    Kill,
    /// [`Harm::Pause`].
    Pause,
    /// [`Harm::Slow`].
    Slow,
    /// [`Harm::Lose`].
    Loss,
    /// [`Harm::Clock`].
    Clock,
}

impl FaultKind {
    /// Every kind, in order.
    pub const ALL: [FaultKind; 7] = [
        FaultKind::Cut,
        FaultKind::Isolate,
        FaultKind::Kill,
        FaultKind::Pause,
        FaultKind::Slow,
        FaultKind::Loss,
        FaultKind::Clock,
    ];

    /// What it is called on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            FaultKind::Cut => "cut",
            FaultKind::Isolate => "isolate",
            FaultKind::Kill => "kill",
            FaultKind::Pause => "pause",
            FaultKind::Slow => "slow",
            FaultKind::Loss => "loss",
            FaultKind::Clock => "clock",
        }
    }

    /// The kind of this name.
    pub fn named(name: &str) -> Option<FaultKind> {
        FaultKind::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// The most faults of a schedule.
pub const FAULTS_MAX: usize = 1_000;
/// The longest schedule.
pub const UNTIL_MAX: Duration = Duration::from_secs(3_600);

impl Schedule {
    /// The schedule of a seed: of these kinds alone, in whatever order they are given, until that time, which is cut to whole
    /// milliseconds. The same on every machine.
    ///
    /// Two faults at most are at work at once, of which two are never done to the processes of one site.
    pub fn of(seed: u64, kinds: &[FaultKind], until: Duration) -> Schedule {
        let mut kinds = kinds.to_vec();
        kinds.sort_unstable();
        kinds.dedup();
        let end = whole_ms(until.min(UNTIL_MAX));
        let mut schedule = Schedule { seed, until: ms(end), faults: Vec::new() };
        if kinds.is_empty() {
            return schedule;
        }
        // The first begins early, so that no round is calm; the second while the first is at work, or after it.
        for (lane, (earliest, latest)) in [(300, 1_200), (1_500, 4_000)].into_iter().enumerate() {
            let mut luck = Luck::of(seed).named(lane as u64);
            let mut from = luck.within(earliest, latest);
            // What is shorter is hardly noticed.
            while from + LEAST_MS <= end && schedule.faults.len() < FAULTS_MAX {
                // Time-outs of servers are of a second or two: as many are shorter as are longer.
                let (least, most) = luck.one_of(&[(LEAST_MS, 1_500), (1_500, 5_000)]);
                let healed = end.min(from + luck.within(least, most));
                let harm = drawn(luck.one_of(&kinds), &mut luck);
                let fault = Fault { from: ms(from), until: ms(healed), harm };
                if !schedule.faults.iter().any(|other| other.is_at_odds_with(&fault)) {
                    schedule.faults.push(fault);
                }
                from = healed + luck.within(100, 1_200);
            }
        }
        schedule.faults.sort_by_key(|fault| fault.from);
        schedule
    }

    /// What is at work at that time.
    pub fn at(&self, time: Duration) -> Vec<Harm> {
        let is_at_work = |fault: &&Fault| fault.from <= time && time < fault.until.min(self.until);
        self.faults.iter().filter(is_at_work).map(|fault| fault.harm).collect()
    }

    /// When that changes next, after that time.
    pub fn next_change(&self, after: Duration) -> Option<Duration> {
        let times = self.faults.iter().flat_map(|fault| [fault.from, fault.until.min(self.until)]);
        times.chain([self.until]).filter(|time| *time > after).min()
    }
}

/// The shortest fault, in milliseconds.
const LEAST_MS: u64 = 300;

fn drawn(kind: FaultKind, luck: &mut Luck) -> Harm {
    let site = usize::try_from(luck.below(SITES as u64)).unwrap_or(0);
    let other = (site + usize::try_from(luck.within(1, SITES as u64 - 1)).unwrap_or(1)) % SITES;
    let (source, target) = (site, other);
    match kind {
        FaultKind::Cut => Harm::Cut { source, target },
        FaultKind::Isolate => Harm::Isolate { site },
        FaultKind::Kill => Harm::Kill { site },
        FaultKind::Pause => Harm::Pause { site },
        FaultKind::Slow => Harm::Slow { source, target, by: ms(luck.one_of(&[50, 150, 300, 700])) },
        FaultKind::Loss => Harm::Lose { source, target, percent: luck.one_of(&[5, 20, 50]) },
        FaultKind::Clock => {
            Harm::Clock { site, ahead_ms: luck.one_of(&[-600_000, -30_000, -2_000, 2_000, 30_000, 600_000]) }
        }
    }
}

impl Fault {
    /// Whether both are done to the processes of one site, or are the same thing, at one time.
    fn is_at_odds_with(&self, other: &Fault) -> bool {
        let is_at_once = self.from <= other.until && other.from <= self.until;
        let is_one_site =
            self.harm.of_processes().is_some_and(|site| other.harm.of_processes() == Some(site));
        is_at_once && (is_one_site || self.harm == other.harm)
    }
}

impl Harm {
    /// The site whose processes it is done to.
    pub const fn of_processes(self) -> Option<usize> {
        match self {
            Harm::Kill { site } | Harm::Pause { site } | Harm::Clock { site, .. } => Some(site),
            Harm::Cut { .. } | Harm::Isolate { .. } | Harm::Slow { .. } | Harm::Lose { .. } => None,
        }
    }

    /// Of which kind it is.
    pub const fn kind(self) -> FaultKind {
        match self {
            Harm::Cut { .. } => FaultKind::Cut,
            Harm::Isolate { .. } => FaultKind::Isolate,
            Harm::Kill { .. } => FaultKind::Kill,
            Harm::Pause { .. } => FaultKind::Pause,
            Harm::Slow { .. } => FaultKind::Slow,
            Harm::Lose { .. } => FaultKind::Loss,
            Harm::Clock { .. } => FaultKind::Clock,
        }
    }
}

fn ms(number: u64) -> Duration {
    Duration::from_millis(number)
}

/// Saturating: no schedule is that long.
fn whole_ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

impl fmt::Display for Schedule {
    /// As it is written, and read again.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "schedule 1 seed {} until {}ms", self.seed, whole_ms(self.until))?;
        self.faults.iter().try_for_each(|fault| writeln!(f, "{fault}"))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}ms..{}ms {}", whole_ms(self.from), whole_ms(self.until), self.harm)
    }
}

impl fmt::Display for Harm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = self.kind().name();
        match *self {
            Harm::Cut { source, target } => {
                write!(f, "{kind} {} to {}", SITE_NAMES[source], SITE_NAMES[target])
            }
            Harm::Isolate { site } | Harm::Kill { site } | Harm::Pause { site } => {
                write!(f, "{kind} {}", SITE_NAMES[site])
            }
            Harm::Slow { source, target, by } => {
                let (source, target) = (SITE_NAMES[source], SITE_NAMES[target]);
                write!(f, "{kind} {source} to {target} by {}ms", whole_ms(by))
            }
            Harm::Lose { source, target, percent } => {
                let (source, target) = (SITE_NAMES[source], SITE_NAMES[target]);
                write!(f, "{kind} {source} to {target} of {percent}%")
            }
            Harm::Clock { site, ahead_ms } => write!(f, "{kind} {} by {ahead_ms:+}ms", SITE_NAMES[site]),
        }
    }
}

/// Why a text is no schedule.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ScheduleError {
    /// In which line, from 1.
    pub line: usize,
    /// What should be there.
    pub expected: &'static str,
    /// What is there.
    pub found: String,
}

impl fmt::Display for ScheduleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ScheduleError { line, expected, found } = self;
        write!(f, "line {line} of the schedule should be {expected}, and is `{found}`")
    }
}

impl std::error::Error for ScheduleError {}

impl FromStr for Schedule {
    type Err = ScheduleError;

    /// What is written; lines with nothing, and those that begin with `#`, are passed over.
    fn from_str(text: &str) -> Result<Schedule, ScheduleError> {
        let wrong = |line: usize, expected: &'static str, found: &str| {
            let found: String = found.chars().take(80).collect();
            ScheduleError { line, expected, found: one_line(&found).into_owned() }
        };
        let lines = text.lines().enumerate().map(|(nth, line)| (nth + 1, line.trim()));
        let mut lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        let (nth, first) = lines.next().unwrap_or((1, ""));
        let head = read_head(first);
        let (seed, until) =
            head.ok_or_else(|| wrong(nth, "such as `schedule 1 seed 7 until 10000ms`", first))?;
        let mut faults = Vec::new();
        for (nth, line) in lines {
            let expected = "such as `800ms..2300ms isolate pacific`, at most a thousand lines";
            let fault = read_fault(line).filter(|_| faults.len() < FAULTS_MAX);
            faults.push(fault.ok_or_else(|| wrong(nth, expected, line))?);
        }
        faults.sort_by_key(|fault| fault.from);
        Ok(Schedule { seed, until, faults })
    }
}

fn read_head(line: &str) -> Option<(u64, Duration)> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let ["schedule", "1", "seed", seed, "until", until] = words[..] else { return None };
    Some((seed.parse().ok()?, read_ms(until)?))
}

fn read_fault(line: &str) -> Option<Fault> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let (times, harm) = words.split_first()?;
    let (from, until) = times.split_once("..")?;
    let fault = Fault { from: read_ms(from)?, until: read_ms(until)?, harm: read_harm(harm)? };
    (fault.from < fault.until).then_some(fault)
}

fn read_harm(words: &[&str]) -> Option<Harm> {
    let site = |name: &str| SITE_NAMES[..SITES].iter().position(|known| *known == name);
    let pair = |one: &str, other: &str| {
        let (source, target) = (site(one)?, site(other)?);
        (source != target).then_some((source, target))
    };
    Some(match *words {
        ["cut", source, "to", target] => {
            let (source, target) = pair(source, target)?;
            Harm::Cut { source, target }
        }
        ["isolate", name] => Harm::Isolate { site: site(name)? },
        ["kill", name] => Harm::Kill { site: site(name)? },
        ["pause", name] => Harm::Pause { site: site(name)? },
        ["slow", source, "to", target, "by", by] => {
            let (source, target) = pair(source, target)?;
            Harm::Slow { source, target, by: read_ms(by)? }
        }
        ["loss", source, "to", target, "of", percent] => {
            let (source, target) = pair(source, target)?;
            let percent = percent.strip_suffix('%')?.parse().ok().filter(|percent| *percent <= 100)?;
            Harm::Lose { source, target, percent }
        }
        ["clock", name, "by", ahead] => {
            let ahead_ms: i64 = ahead.strip_suffix("ms")?.parse().ok()?;
            // Ten years: what is more, no server takes for a time.
            let is_time = ahead_ms.unsigned_abs() <= 10 * 366 * 86_400_000;
            Harm::Clock { site: site(name)?, ahead_ms: Some(ahead_ms).filter(|_| is_time)? }
        }
        _ => return None,
    })
}

fn read_ms(text: &str) -> Option<Duration> {
    let number = text.strip_suffix("ms")?.parse().ok()?;
    Some(ms(number)).filter(|time| *time <= UNTIL_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(seed: u64) -> Schedule {
        Schedule::of(seed, &FaultKind::ALL, ms(10_000))
    }

    #[test]
    fn a_seed_is_the_same_schedule_for_ever() {
        let expected = expect_test::expect![[r#"
            schedule 1 seed 7 until 10000ms
            1167ms..1618ms clock indian by +2000ms
            2184ms..4937ms kill atlantic
            3476ms..3855ms cut pacific to indian
            5913ms..10000ms pause indian
            6669ms..10000ms clock atlantic by +2000ms
        "#]];
        expected.assert_eq(&of(7).to_string());
        let backwards: Vec<FaultKind> = FaultKind::ALL.into_iter().rev().chain([FaultKind::Cut]).collect();
        assert_eq!(Schedule::of(7, &backwards, ms(10_000)), of(7), "in whatever order kinds are named");
    }

    #[test]
    fn what_is_written_is_read_again() {
        for seed in 0..500 {
            let schedule = of(seed);
            assert_eq!(schedule.to_string().parse(), Ok(schedule));
        }
    }

    #[test]
    fn every_fault_heals_in_time_and_processes_suffer_one_thing_at_a_time() {
        let mut seen: Vec<FaultKind> = Vec::new();
        for seed in 0..500 {
            let Schedule { faults, until, .. } = of(seed);
            assert!(!faults.is_empty(), "seed {seed}");
            for (nth, fault) in faults.iter().enumerate() {
                assert!(fault.from < fault.until && fault.until <= until, "seed {seed}: {fault}");
                let earlier = &faults[..nth];
                assert!(!earlier.iter().any(|other| other.is_at_odds_with(fault)), "seed {seed}: {fault}");
                let at_once = earlier.iter().filter(|other| other.until > fault.from);
                assert!(at_once.count() < 2, "seed {seed}: {fault}");
                seen.push(fault.harm.kind());
            }
        }
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen, FaultKind::ALL);
    }

    #[test]
    fn only_the_kinds_that_are_named_happen() {
        for kind in FaultKind::ALL {
            let schedule = Schedule::of(3, &[kind], ms(10_000));
            assert!(schedule.faults.iter().all(|fault| fault.harm.kind() == kind), "{schedule}");
        }
        assert_eq!(Schedule::of(3, &[], ms(10_000)).to_string(), "schedule 1 seed 3 until 10000ms\n");
    }

    #[test]
    fn what_is_no_schedule_is_refused_with_its_line() {
        let head = "schedule 1 seed 7 until 10000ms\n";
        let table = [
            ("", "line 1 of the schedule should be such as `schedule 1 seed 7 until 10000ms`, and is ``"),
            (
                "schedule 2 seed 7 until 1ms",
                "line 1 of the schedule should be such as `schedule 1 seed 7 until 10000ms`, and is `schedule 2 seed 7 until \
                 1ms`",
            ),
        ];
        for (text, expected) in table {
            assert_eq!(text.parse::<Schedule>().map_err(|error| error.to_string()), Err(expected.to_owned()));
        }
        let lines = [
            "5ms..5ms kill pacific",
            "5ms..6ms kill arctic",
            "5ms..6ms cut pacific to pacific",
            "5ms..6ms loss pacific to indian of 101%",
            "5ms..6ms clock pacific by 99999999999999ms",
            "5s..6s kill pacific",
            "5ms..99999999999ms kill pacific",
            "5ms..6ms kill",
        ];
        for line in lines {
            let error = format!("{head}\n# a comment\n{line}").parse::<Schedule>().err();
            assert_eq!(error.map(|error| (error.line, error.found)), Some((4, line.to_owned())));
        }
    }

    #[test]
    fn what_is_at_work_changes_when_it_is_said() {
        let text = "schedule 1 seed 7 until 900ms\n100ms..300ms kill pacific\n200ms..2000ms isolate indian\n";
        let schedule: Schedule = text.parse().expect("it is one");
        let (kill, isolate) = (Harm::Kill { site: 0 }, Harm::Isolate { site: 2 });
        let table = [
            (0, vec![], Some(100)),
            (100, vec![kill], Some(200)),
            (200, vec![kill, isolate], Some(300)),
            (300, vec![isolate], Some(900)),
            (900, vec![], None),
        ];
        for (time, harms, next) in table {
            assert_eq!((schedule.at(ms(time)), schedule.next_change(ms(time))), (harms, next.map(ms)));
        }
    }
}
