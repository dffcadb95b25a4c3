//! All that was measured for real as a table in Markdown, which a page of the documentation can hold.

use std::fs;
use std::thread;
use std::time::Duration;

use constellation_lab::placement::client::Kind;
use constellation_lab::placement::measure::Answers;
use constellation_lab::placement::protocol::Way;
use constellation_lab::placement::{Placement, SITE_NAMES, told};

use super::super::page::{escaped, range};
use super::agreed::counted;
use super::down;
use super::drawn::replay;
use super::measured::{Measured, Run};
use super::runs;
use super::targets::NotInstalled;
use crate::args::Place;
use crate::printer::{Printer, count};

const COLUMNS: [&str; 11] = [
    "mode",
    "what it means",
    "cell",
    "declared",
    "read, round trips",
    "write, round trips",
    "majority without reads after a cut",
    "majority without writes after a cut",
    "lost of acknowledged writes",
    "holds without a cut",
    "holds with one",
];

/// The machine, how it was measured, and all of it.
pub(super) fn print(
    all: &[Measured],
    missing: &[NotInstalled],
    arguments: &Place,
    printer: &mut Printer,
) -> anyhow::Result<()> {
    printer.line(format!("### Measured on {}\n", Machine::here().told()))?;
    printer.line(format!("{}\n", how(arguments)))?;
    lines(all, missing).iter().try_for_each(|line| printer.line(line))
}

/// The versions, a row for each mode, and its sentences.
fn lines(all: &[Measured], missing: &[NotInstalled]) -> Vec<String> {
    let mut lines: Vec<String> =
        versions(all).into_iter().chain(runs::not_there(missing)).map(|line| format!("- {line}")).collect();
    if !lines.is_empty() {
        lines.push(String::new());
    }
    lines.push(format!("| {} |", COLUMNS.join(" | ")));
    lines.push(format!("|{}", " --- |".repeat(COLUMNS.len())));
    for measured in all {
        let cells = row(measured).map(|cell| escaped(&cell));
        lines.push(format!("| {} |", cells.join(" | ")));
    }
    lines.push(String::new());
    lines.extend(all.iter().flat_map(sentences).map(|line| format!("- {line}")));
    lines
}

/// Why nobody could do the same elsewhere and expect the same numbers.
struct Machine {
    cores: Option<usize>,
    /// In KiB.
    memory: Option<u64>,
    kernel: Option<String>,
}

impl Machine {
    fn here() -> Machine {
        let read = |path: &str| fs::read_to_string(path).ok();
        let memory = read("/proc/meminfo").and_then(|text| memory(&text));
        let kernel = read("/proc/sys/kernel/osrelease").map(|text| text.trim().to_owned());
        Machine { cores: thread::available_parallelism().ok().map(usize::from), memory, kernel }
    }

    /// `2 cores, 7.7 GiB of memory, Linux 6.1.0`.
    fn told(&self) -> String {
        let cores = self.cores.map(|cores| count(cores as u64, "core"));
        let memory = self.memory.map(|kib| {
            let tenths = kib.saturating_mul(10) >> 20;
            format!("{}.{} GiB of memory", tenths / 10, tenths % 10)
        });
        let kernel = self.kernel.as_ref().map(|kernel| format!("Linux {kernel}"));
        let known: Vec<String> = [cores, memory, kernel].into_iter().flatten().collect();
        if known.is_empty() { "a machine that says nothing of itself".to_owned() } else { known.join(", ") }
    }
}

/// All memory in KiB, as `/proc/meminfo` has it.
fn memory(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

fn how(arguments: &Place) -> String {
    let runs = match arguments.runs.get() {
        1 => "once".to_owned(),
        runs => format!("{runs} times, each time with servers and a network of its own"),
    };
    let quick = if arguments.quick { ", quickly, with wide intervals" } else { "" };
    format!("Each mode was measured {runs}{quick}. This is what `{} --table` prints.", replay(arguments))
}

/// The version of each server, each once.
fn versions(all: &[Measured]) -> Vec<String> {
    let of = |measured: &Measured| {
        let version = measured.runs.first()?.real.version.clone()?;
        Some(format!("{}: `{version}`", measured.info.title))
    };
    let mut versions: Vec<String> = all.iter().filter_map(of).collect();
    versions.dedup();
    versions
}

fn row(measured: &Measured) -> [String; 11] {
    let Measured { name, mode, wanted, runs, .. } = measured;
    let placements = || runs.iter().map(|run| &run.real.placement);
    let of_runs = |told: &dyn Fn(&Run) -> String| agreement(runs.iter().map(told), *wanted);
    let cell = match wanted {
        1 => runs.first().map_or_else(|| "–".to_owned(), |run| run.real.placement.cell.to_string()),
        _ => measured.agreed().told(),
    };
    let declared = |run: &Run| run.compared.as_ref().map_or_else(String::new, |compared| compared.brief());
    [
        format!("`{name}`"),
        mode.says.clone(),
        cell,
        of_runs(&declared),
        range(placements(), Kind::Read),
        range(placements(), Kind::Write),
        without(placements(), Kind::Read),
        without(placements(), Kind::Write),
        lost(placements()),
        of_runs(&|run| told::models(&run.strongest.0)),
        of_runs(&|run| told::models(&run.strongest.1)),
    ]
}

/// What all runs say, or how many say what; nothing of a mode that was not measured.
fn agreement(said: impl Iterator<Item = String>, wanted: u32) -> String {
    match &counted(said)[..] {
        [] => "–".to_owned(),
        [(said, _)] => said.clone(),
        said => {
            let part = |(said, count): &(String, u32)| format!("{count} of {wanted}: {said}");
            said.iter().map(part).collect::<Vec<_>>().join("; ")
        }
    }
}

/// How many are missing so long after the heal that every site should have them, over all runs.
fn lost<'p>(placements: impl Iterator<Item = &'p Placement>) -> String {
    let add =
        |(missed, of), placement: &Placement| (missed + placement.lost.missed(), of + placement.lost.of);
    match placements.fold((0, 0), add) {
        (_, 0) => "?".to_owned(),
        (missed, of) => format!("{missed} of {of}"),
    }
}

/// How long those on the side of the majority were not answered after a cut in both directions, over all runs: `–` where all
/// was answered.
fn without<'p>(placements: impl Iterator<Item = &'p Placement>, kind: Kind) -> String {
    let is_meant = |row: &Answers| {
        row.kind == kind && row.cut().is_some_and(|(site, way, _)| way == Way::Both && site != row.site)
    };
    let (mut gaps, mut to_heal) = (Vec::new(), Vec::new());
    for placement in placements {
        let rows: Vec<&Answers> = placement.answers.iter().filter(|row| is_meant(row)).collect();
        let (answered, silent): (Vec<&Answers>, Vec<&Answers>) =
            rows.into_iter().partition(|row| row.is_available());
        gaps.extend(answered.iter().map(|row| row.gap).max());
        to_heal.extend(silent.iter().filter_map(|row| row.cut()).map(|(site, ..)| site));
    }
    to_heal.sort_unstable();
    to_heal.dedup();
    let names: Vec<&str> = to_heal.iter().map(|site| SITE_NAMES[*site]).collect();
    let gap = gaps.iter().min().copied().zip(gaps.iter().max().copied());
    match (gap, &names[..]) {
        (None, []) => "?".to_owned(),
        (Some(gap), []) => seconds(gap),
        (gap, names) => {
            let silent = format!("to the heal where {} is cut off", names.join(" or "));
            match gap {
                Some(gap) if !gap.1.is_zero() => format!("{silent}, else {}", seconds(gap)),
                _ => silent,
            }
        }
    }
}

/// `1.2 to 1.6 s`.
fn seconds((least, most): (Duration, Duration)) -> String {
    let told = |time: Duration| format!("{}.{}", time.as_secs(), time.subsec_millis() / 100);
    match (told(least), told(most)) {
        _ if most.is_zero() => "–".to_owned(),
        (least, most) if least == most => format!("{most} s"),
        (least, most) => format!("{least} to {most} s"),
    }
}

/// What is said of a mode in each cell in which it was found, of what is declared and not so, and of what is in doubt.
fn sentences(measured: &Measured) -> Vec<String> {
    let Measured { name, wanted, runs, failed, .. } = measured;
    let agreed = measured.agreed();
    let is_one = agreed.cells().len() == 1;
    let of_cell = |run: &Run| {
        let placement = &run.real.placement;
        let cell = if is_one { String::new() } else { format!(", {}", placement.cell) };
        let sentences = [told::partition(placement)]
            .into_iter()
            .chain(told::other_cuts(placement))
            .chain([told::otherwise(placement)])
            .chain(down::record(&run.real).map(|_| down::sentences(&run.real)).into_iter().flatten());
        format!("`{name}`{cell}: {}", sentences.collect::<Vec<_>>().join(" "))
    };
    let mut lines: Vec<String> = measured.first_of_cells().into_iter().map(of_cell).collect();
    let in_run = |nth: u32| if *wanted == 1 { String::new() } else { format!(" in run {nth}") };
    for run in runs {
        let broken = run.compared.as_ref().map_or(&[][..], |compared| compared.broken());
        if let (false, Some(compared)) = (broken.is_empty(), &run.compared) {
            lines.push(format!("`{name}`{}: {}.", in_run(run.nth), compared.told(run.real.placement.cell)));
        }
        let doubts = run.real.doubts.iter();
        lines.extend(doubts.map(|doubt| format!("`{name}`, in doubt{}: {doubt}.", in_run(run.nth))));
    }
    let failed = failed.iter();
    lines
        .extend(failed.map(|failed| {
            format!("`{name}` could not be measured{}: {}.", in_run(failed.nth), failed.error)
        }));
    lines
}

#[cfg(test)]
mod tests {
    use constellation_lab::placement::catalogue::Catalogue;
    use constellation_lab::placement::place;
    use constellation_servers::installed::Missing;
    use constellation_servers::place::{Killing, RealError, RealPlacement};
    use constellation_servers::rounds::Effort;
    use constellation_servers::server::Server as _;
    use constellation_servers::servers::etcd::Etcd;
    use expect_test::expect;

    use super::super::compared::compare;
    use super::super::measured::Failed;
    use super::*;

    /// As if this mode of etcd had been measured so often, each time living as one of the simulated stores does.
    fn measured(mode: &str, stores: &[&str]) -> Measured {
        let info = Etcd.info();
        let mode = info.mode(mode).expect("it has it").clone();
        let name = format!("etcd/{}", mode.name);
        let run = |(nth, store): (u32, &&str)| {
            let placement = place(&store.parse().expect("it is a store"), 1).expect("it is simulated");
            let (strongest, version) = (placement.strongest(), Some("etcd Version: 3.4.23".to_owned()));
            let real = RealPlacement {
                placement,
                info: info.clone(),
                mode: mode.clone(),
                version,
                effort: Effort::Quick,
                lateness: Vec::new(),
                doubts: Vec::new(),
                killing: Killing::Quick,
                limits: Vec::new(),
                took: Duration::ZERO,
            };
            let compared = Some(compare(&real, &Catalogue::shipped()));
            Run { nth, real, strongest, compared }
        };
        let runs: Vec<Run> = (1..).zip(stores).map(run).collect();
        let error = RealError::NoClient { server: info.name.clone() };
        let failed = if runs.is_empty() { vec![Failed { nth: 1, error }] } else { Vec::new() };
        let wanted = u32::try_from(runs.len() + failed.len()).expect("there are few");
        Measured { name, info: info.clone(), mode: mode.clone(), wanted, runs, failed }
    }

    #[test]
    fn a_row_says_what_a_mode_is_in_all_of_its_runs() {
        let modes = [
            measured("linearizable", &["consensus:reads=log", "quorum:r=1,w=1"]),
            measured("serializable", &["consensus:reads=anywhere"]),
            measured("serializable", &[]),
        ];
        let missing = Missing { program: "nats-server".to_owned(), package: "nats-server".to_owned() };
        let lines = lines(&modes, &[NotInstalled { server: "nats".to_owned(), missing }]);
        expect![[r#"
            - etcd: `etcd Version: 3.4.23`
            - nats: `nats-server` is not installed (Debian's package nats-server)

            | mode | what it means | cell | declared | read, round trips | write, round trips | majority without reads after a cut | majority without writes after a cut | lost of acknowledged writes | holds without a cut | holds with one |
            | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
            | `etcd/linearizable` | reads are linearizable, as they are by default: a member confirms the leader before it answers | PC/EC in 1 of 2, PA/EL in 1 | 1 of 2: PC/EC, as it is; 1 of 2: PC/EC, **which it is not** | 0.00 to 2.00 | 0.00 to 2.00 | 0.0 to 0.5 s | 0.0 to 0.5 s | 675 of 11357 | 1 of 2: linearizable and eventual-convergence; 1 of 2: sequential | 1 of 2: linearizable (eventual-convergence: unknown); 1 of 2: read-your-writes and monotonic-reads and monotonic-writes and writes-follow-reads |
            | `etcd/serializable` | reads are serializable: each member answers from its own state | PC/EL | PC/EL, as it is | 0.00 | 1.00 to 2.00 | – | 0.5 s | 0 of 4743 | monotonic-reads and monotonic-writes and writes-follow-reads | monotonic-reads and monotonic-writes and writes-follow-reads |
            | `etcd/serializable` | reads are serializable: each member answers from its own state | – | – | ? | ? | ? | ? | ? | – | – |

            - `etcd/linearizable`, PC/EC: Whichever site is cut off, it answers neither reads nor writes; the others answer again 573.3 ms after the cut at the latest; what is answered is linearizable, and none of 4661 acknowledged writes was lost. Whichever site hears nobody, it answers neither reads nor writes; the others answer again 833.3 ms after the cut at the latest. A read takes 1.00 round trips at pacific, 2.00 at atlantic and indian, and a write 1.00 round trips at pacific, 2.00 at atlantic and indian; every read shows the latest write, with one slow site, too.
            - `etcd/linearizable`, PA/EL: Whichever site is cut off, every site goes on answering reads and writes; 1676 of 5412 reads showed what had been replaced, up to 5253.2 ms before, and none of 6696 acknowledged writes was lost, though 675 were not shown at every site 3000.0 ms after the heal, and 294 of 1296 that a client had built on what it read were overwritten by one that had not seen them, and causal-convergence held without a cut and does not hold with one, nor do causal and pram. A read takes 0.00 round trips, and a write 0.00 round trips; 2357 of 3511 reads showed what had been replaced, up to 59.4 ms before.
            - `etcd/linearizable` in run 2: declared PC/EC, measured PA/EL: 675 of 6696 acknowledged writes were lost; while all links are alike, 984 of 1400 reads showed what had been replaced (default reads (linearizable)).
            - `etcd/serializable`: Whichever site is cut off, it answers no writes; the others answer again 553.3 ms after the cut at the latest; what is answered keeps monotonic-reads, monotonic-writes and writes-follow-reads, as without a cut, but not how old a read may be: 99.5 ms without, 4012.8 ms with one (1072 of 5778 reads); none of 4743 acknowledged writes was lost, and 19 of 638 that a client had built on what it read were overwritten by one that had not seen them. Whichever site hears nobody, it answers no writes; the others answer again 833.3 ms after the cut at the latest. A read takes 0.00 round trips, and a write 1.00 round trips at pacific, 2.00 at atlantic and indian; 5136 of 17365 reads showed what had been replaced, up to 99.5 ms before.
            - `etcd/serializable` could not be measured: this program was built without the client of etcd."#]].assert_eq(&lines.join("\n"));
    }

    #[test]
    fn the_memory_of_a_machine_is_what_its_kernel_says() {
        assert_eq!(memory("MemTotal:        8041232 kB\nMemFree:  12 kB\n"), Some(8_041_232));
        assert_eq!(memory("MemFree:  12 kB\n"), None);
        let machine = Machine { cores: Some(2), memory: Some(8_041_232), kernel: Some("6.1.0".to_owned()) };
        assert_eq!(machine.told(), "2 cores, 7.6 GiB of memory, Linux 6.1.0");
    }

    #[test]
    fn a_gap_is_told_to_the_tenth_and_none_is_a_dash() {
        let told = |least, most| seconds((Duration::from_millis(least), Duration::from_millis(most)));
        assert_eq!([told(0, 0), told(1_210, 1_290), told(0, 1_900)], ["–", "1.2 s", "0.0 to 1.9 s"]);
    }
}
