//! How long histories that were recorded elsewhere take to judge, each alone, where there is a folder of them.
//!
//! `CONSTELLATION_HISTORIES=FOLDER cargo bench -p constellation-verify --bench recorded` judges every file of the folder for
//! linearizability, and prints the median, the 95th percentile, the most and the sum of microseconds a history: to read it
//! from memory, to make columns of it, to judge these, and to judge these and make small what is wrong. Each is done again
//! and again for a third of a millisecond, forty times, of which the fastest counts; one thread does it all, so the processor
//! works no longer than that. Without the folder, a history that is written down here takes its place, as in
//! `cargo test --benches`.
//!
//! In the folder may stand `known.tsv`, a history a line: its file's name, a tab, `holds` or `violated`, and if it is known,
//! a tab and how many microseconds another checker took for it on this machine. The bench fails where a verdict is another
//! one, and prints how many times as fast it was.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::hint::black_box;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use constellation_trace::format::histories::{HistoryFormat, Imported, read_any};
use constellation_verify::Budget;
use constellation_verify::models::{FailedSet, Linearizable, Model, Patience, Recorded};

/// Names the folder.
const FOLDER: &str = "CONSTELLATION_HISTORIES";
/// What is known of its histories.
const KNOWN: &str = "known.tsv";

/// What stands for a folder where there is none.
const WRITTEN_HERE: &str = "\
INFO  jepsen.util - 0\t:invoke\t:write\t3
INFO  jepsen.util - 1\t:invoke\t:cas\t[3 1]
INFO  jepsen.util - 0\t:ok\t:write\t3
INFO  jepsen.util - 1\t:ok\t:cas\t[3 1]
INFO  jepsen.util - 0\t:invoke\t:read\tnil
INFO  jepsen.util - 0\t:ok\t:read\t3
";

fn main() {
    let is_bench = env::args().any(|argument| argument == "--bench");
    let pace = if is_bench {
        Pace { rounds: 40, at_least: Duration::from_micros(300) }
    } else {
        Pace { rounds: 1, at_least: Duration::ZERO }
    };
    let folder = env::var_os(FOLDER).map(PathBuf::from).filter(|_| is_bench);
    let set = match &folder {
        Some(folder) => Set::of(folder),
        None => {
            println!(
                "{FOLDER} names no folder of recorded histories, so a small one that is written here is judged"
            );
            let known =
                BTreeMap::from([("here".to_owned(), Known { word: "violated".to_owned(), micros: None })]);
            Ok(Set { histories: vec![("here".to_owned(), WRITTEN_HERE.into())], known })
        }
    };
    match set {
        Ok(set) => set.judge(pace),
        Err(error) => {
            println!("{FOLDER}: {} cannot be read: {error}", folder.unwrap_or_default().display());
            std::process::exit(2);
        }
    }
}

/// Histories as bytes, by name, and what is known of them.
struct Set {
    histories: Vec<(String, Vec<u8>)>,
    known: BTreeMap<String, Known>,
}

struct Known {
    word: String,
    /// What another checker took.
    micros: Option<f64>,
}

/// How often something is done.
#[derive(Clone, Copy)]
struct Pace {
    rounds: u32,
    at_least: Duration,
}

impl Pace {
    /// Microseconds that it takes when it is fastest.
    fn micros<T>(self, mut act: impl FnMut() -> T) -> f64 {
        let mut fastest = f64::INFINITY;
        for _ in 0..self.rounds {
            let (start, mut count) = (Instant::now(), 0_u32);
            loop {
                black_box(act());
                count += 1;
                if start.elapsed() >= self.at_least {
                    break;
                }
            }
            fastest = fastest.min(start.elapsed().as_secs_f64() * 1e6 / f64::from(count));
        }
        fastest
    }
}

/// What one history took, in microseconds.
struct Spent {
    name: String,
    word: &'static str,
    operations: usize,
    reading: f64,
    columns: f64,
    judging: f64,
    explaining: f64,
}

impl Set {
    fn of(folder: &Path) -> io::Result<Set> {
        let (mut histories, mut known) = (Vec::new(), BTreeMap::new());
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if name == KNOWN {
                for line in fs::read_to_string(&path)?.lines() {
                    let mut words = line.split('\t');
                    if let (Some(name), Some(word)) = (words.next(), words.next()) {
                        let micros = words.next().and_then(|word| word.parse().ok());
                        known.insert(name.to_owned(), Known { word: word.to_owned(), micros });
                    }
                }
            } else if path.is_file() {
                histories.push((name, fs::read(&path)?));
            }
        }
        histories.sort();
        Ok(Set { histories, known })
    }

    fn judge(&self, pace: Pace) {
        let mut all: Vec<Spent> = Vec::new();
        for (name, bytes) in &self.histories {
            match read_any(bytes) {
                Ok(imported) => all.push(spent(name, bytes, &imported, pace)),
                Err(error) => println!("{name} is passed over, as no reader takes it: {error}"),
            }
        }
        for word in ["holds", "violated", "unknown"] {
            print(word, &all.iter().filter(|one| one.word == word).collect::<Vec<_>>());
        }
        print("all", &all.iter().collect::<Vec<_>>());
        self.compare(&all);
    }

    /// Prints by how much each is faster than another checker.
    fn compare(&self, all: &[Spent]) {
        let (mut ratios, mut theirs, mut ours, mut wrong) = (Vec::new(), 0.0, 0.0, 0);
        for one in all {
            let Some(known) = self.known.get(&one.name) else { continue };
            if known.word != one.word {
                println!("{}: {}, and is known to be {}", one.name, one.word, known.word);
                wrong += 1;
            }
            if let Some(micros) = known.micros {
                theirs += micros;
                ours += one.judging;
                ratios.push((micros / one.judging, one));
            }
        }
        ratios.sort_by(|(one, _), (other, _)| one.total_cmp(other));
        if let [(least, slowest), ..] = &ratios[..] {
            println!(
                "{} histories that another checker judged: in all {:.1} times as fast, in the median {:.1}, in the worst {least:.1} ({})",
                ratios.len(),
                theirs / ours,
                ratios[ratios.len() / 2].0,
                slowest.name
            );
            for (ratio, one) in ratios.iter().filter(|(ratio, _)| *ratio < 10.0) {
                println!(
                    "less than 10 times: {} {ratio:.1}, {:.1} µs, {} operations",
                    one.name, one.judging, one.operations
                );
            }
        }
        assert_eq!(wrong, 0, "verdicts are other ones than are known");
    }
}

fn spent(name: &str, bytes: &[u8], imported: &Imported, pace: Pace) -> Spent {
    let history = imported.history();
    let sessions = imported.reads_and_writes().ok();
    let recorded = sessions.as_deref().map_or_else(Recorded::default, Recorded::from);
    let recorded = history.map_or(recorded, |history| recorded.with_history(history));
    // As `constellation judge` takes it: in log lines a failed compare-and-set found another value.
    let recorded = match imported.format {
        HistoryFormat::Log => recorded.with_failed_set(FailedSet::AssertsMismatch),
        _ => recorded,
    };
    let patience = || Patience::new(Budget::default());
    let judge = || Linearizable.judge(&recorded, &mut patience().without_evidence());
    Spent {
        name: name.to_owned(),
        word: judge().word(),
        operations: history.map_or(sessions.as_ref().map_or(0, |sessions| sessions.len()), |history| {
            history.operations().len()
        }),
        reading: pace.micros(|| read_any(bytes)),
        columns: pace.micros(|| imported.reads_and_writes().is_ok()),
        judging: pace.micros(judge),
        explaining: pace.micros(|| Linearizable.judge(&recorded, &mut patience())),
    }
}

fn print(name: &str, spent: &[&Spent]) {
    if spent.is_empty() {
        return;
    }
    let operations: usize = spent.iter().map(|one| one.operations).sum();
    println!("{name}: {} histories of {} operations on average", spent.len(), operations / spent.len());
    let columns = [
        ("reading", (|one| one.reading) as fn(&Spent) -> f64),
        ("columns", |one| one.columns),
        ("judging", |one| one.judging),
        ("with evidence", |one| one.explaining),
    ];
    for (what, micros) in columns {
        let mut all: Vec<f64> = spent.iter().map(|one| micros(one)).collect();
        all.sort_by(f64::total_cmp);
        let at = |percent: usize| all[(all.len() * percent / 100).min(all.len() - 1)];
        let sum: f64 = all.iter().sum();
        println!(
            "  {what:<13} median {:>9.1} µs  p95 {:>9.1} µs  most {:>9.1} µs  sum {sum:>11.1} µs",
            at(50),
            at(95),
            at(100)
        );
    }
}
