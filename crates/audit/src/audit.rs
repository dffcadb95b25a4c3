//! From paths to findings: every file is read, parsed and walked over on its own, on as many threads as there are.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read as _;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::allow::{self, Allow};
use crate::bodies::Bodies;
use crate::effort::{self, STEPS_MAX};
use crate::family::Family;
use crate::finding::{Excerpt, Finding, Level, NotAudited, Setting};
use crate::fingerprint::{Fingerprint, without_layout};
use crate::locks::Locks;
use crate::look::Raw;
use crate::outline::{Outline, module_of};
use crate::own::{Called, Own, Unmatched};
use crate::source::{BYTES_MAX, CHAIN_MAX, DEPTH_MAX, Source};
use crate::traversal::{Looks, Prepared, Tests, Walked, walk};
use crate::walk::{Candidate, system_text};
use crate::{Error, rules};

/// How to audit.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// Whether test code is looked at.
    pub tests: Tests,
    /// On how many threads; what is found does not depend on it.
    pub threads: NonZeroUsize,
    /// What is said of functions that no library's data name.
    pub own: Own,
}

impl Default for Options {
    fn default() -> Options {
        let threads = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        Options { tests: Tests::LeaveOut, threads, own: Own::default() }
    }
}

impl Options {
    /// With this done about test code.
    pub fn with_tests(self, tests: Tests) -> Options {
        Options { tests, ..self }
    }

    /// With these functions of one's own.
    pub fn with_own(self, own: Own) -> Options {
        Options { own, ..self }
    }

    /// On so many threads.
    pub fn on_threads(self, threads: NonZeroUsize) -> Options {
        Options { threads, ..self }
    }
}

/// What was found, and what was looked at.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Audit {
    /// By file, then by place, then by rule.
    pub findings: Vec<Finding>,
    /// What a comment allows, in the same order.
    pub suppressed: Vec<Suppressed>,
    /// For each fallacy, in the order of [`Family::ALL`], what was looked at and suppressed.
    pub tallies: BTreeMap<Family, Tally>,
    /// The files that were audited, in the order of their paths.
    pub files: Vec<PathBuf>,
    /// How many lines they have.
    pub lines: usize,
    /// How many files were left out as test code.
    pub files_left_out: usize,
    /// What could not be audited, by path.
    pub not_audited: Vec<NotAudited>,
    /// What [`Options::own`] names and no audited file calls; of [`audit_text`] none, since one file need not call it all.
    pub own_unmatched: Vec<Unmatched>,
}

/// A finding that a comment allows.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Suppressed {
    /// What was found.
    pub finding: Finding,
    /// Why it is allowed; empty if the comment does not say.
    pub reason: String,
}

/// What was looked at of one family.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Tally {
    /// How many places some rule knew to be of its kind, whether it found them wrong or not.
    pub looked_at: usize,
    /// How many findings a comment allows.
    pub suppressed: usize,
}

impl Audit {
    /// How many findings of a family there are at a level or above.
    pub fn count(&self, family: Family, least: Level) -> usize {
        let of = |finding: &&Finding| finding.rule.family == family && finding.level >= least;
        self.findings.iter().filter(of).count()
    }
}

/// Audits all Rust files below some paths: files, or folders of which `.gitignore`, `.ignore` and `.auditignore` are obeyed.
///
/// What is in the file of a name that ends in `.rs` is audited alone; no compiler is asked, and nothing is built. Takes time
/// in proportion to the bytes.
///
/// # Errors
///
/// [`Error::Unreadable`] if one of the paths is not there. What is in them and cannot be read is told in
/// [`Audit::not_audited`], and the rest is audited.
pub fn audit(paths: &[PathBuf], options: &Options) -> Result<Audit, Error> {
    let (candidates, mut not_audited) = crate::walk::walk(paths, &["rs"])?;
    let (files, left_out): (Vec<_>, Vec<_>) =
        candidates.into_iter().partition(|file| options.tests == Tests::Include || !file.is_test);
    let read = on_threads(&files, options);
    let tests = TestModules::of(read.iter().flat_map(|file| file.test_files.iter().cloned()).collect());
    let mut audit = Audit { files_left_out: left_out.len(), ..Audit::default() };
    let mut called = Called::default();
    for (mut file, candidate) in read.into_iter().zip(&files) {
        let is_test = tests.has(&candidate.path);
        if is_test && options.tests == Tests::LeaveOut {
            audit.files_left_out += 1;
        } else {
            let setting = if is_test { Setting::Test } else { Setting::Shipped };
            called.append(std::mem::take(&mut file.called));
            audit.add(file, setting, &candidate.path);
        }
    }
    audit.own_unmatched = options.own.unmatched(&called);
    not_audited.append(&mut audit.not_audited);
    not_audited.sort();
    audit.not_audited = not_audited;
    Ok(audit)
}

/// Audits one text as the file of this name, which need not be there; it is left out if that is a place of test code.
pub fn audit_text(path: &Path, text: &[u8], options: &Options) -> Audit {
    let is_test = crate::tested::is_place(path, Path::new(""));
    if is_test && options.tests == Tests::LeaveOut {
        return Audit { files_left_out: 1, ..Audit::default() };
    }
    let files = [Candidate { path: path.to_owned(), is_test }];
    let looks = Looks::of(rules::all());
    let locks = Locks::of(std::iter::once(path), &options.own);
    let how = How { looks: &looks, locks: &locks, tests: options.tests, steps_max: STEPS_MAX };
    let read = in_room(|| read_bytes(&files[0], text, &how));
    let mut audit = Audit::default();
    audit.add(read, Setting::Shipped, path);
    audit
}

/// Modules in files of their own that are built for tests alone.
struct TestModules {
    files: BTreeSet<PathBuf>,
    /// `net/` of `net.rs` and of `net/mod.rs`.
    folders: BTreeSet<PathBuf>,
}

impl TestModules {
    fn of(files: BTreeSet<PathBuf>) -> TestModules {
        let folder = |file: &PathBuf| {
            if file.file_stem().is_some_and(|stem| stem == "mod") {
                file.parent().map(Path::to_owned)
            } else {
                Some(file.with_extension(""))
            }
        };
        let folders = files.iter().filter_map(folder).collect();
        TestModules { files, folders }
    }

    fn has(&self, file: &Path) -> bool {
        let is_below = || file.ancestors().any(|folder| self.folders.contains(folder));
        !self.files.is_empty() && (self.files.contains(file) || is_below())
    }
}

/// What one file brought.
#[derive(Default)]
struct Learnt {
    findings: Vec<Finding>,
    suppressed: Vec<Suppressed>,
    looked: BTreeMap<Family, usize>,
    lines: usize,
    not_audited: Option<NotAudited>,
    /// Files that this one says are built for tests alone.
    test_files: Vec<PathBuf>,
    called: Called,
}

impl Audit {
    fn add(&mut self, mut read: Learnt, setting: Setting, path: &Path) {
        if let Some(failed) = read.not_audited {
            self.not_audited.push(failed);
            return;
        }
        self.files.push(path.to_owned());
        self.lines += read.lines;
        if setting == Setting::Test {
            let suppressed = read.suppressed.iter_mut().map(|suppressed| &mut suppressed.finding);
            for finding in read.findings.iter_mut().chain(suppressed) {
                finding.setting = Setting::Test;
                finding.level = Level::Info;
            }
        }
        for (family, looked) in read.looked {
            self.tallies.entry(family).or_default().looked_at += looked;
        }
        for suppressed in &read.suppressed {
            self.tallies.entry(suppressed.finding.rule.family).or_default().suppressed += 1;
        }
        self.findings.append(&mut read.findings);
        self.suppressed.append(&mut read.suppressed);
    }
}

/// The parser descends: as deep as [`DEPTH_MAX`] and [`CHAIN_MAX`] allow, it fits into so much. Only what is used is taken.
const STACK_BYTES: usize = 512 << 20;

/// What threads are called on which files are read. A panic over one file ends in [`Audit::not_audited`]; a program that does not
/// want it told on standard error as well leaves it to its panic hook to ask for this name.
pub const THREAD: &str = "audit";

fn thread() -> thread::Builder {
    thread::Builder::new().name(THREAD.to_owned()).stack_size(STACK_BYTES)
}

/// Runs something with room for the deepest text that is parsed.
pub(crate) fn in_room<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    thread::scope(|scope| {
        let thread = thread().spawn_scoped(scope, work);
        let thread = thread.expect("a machine that runs this program has room for one more thread");
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// Reads every file; the order is theirs, whatever the number of threads.
fn on_threads(files: &[Candidate], options: &Options) -> Vec<Learnt> {
    let looks = Looks::of(rules::all());
    let locks = Locks::of(files.iter().map(|file| &*file.path), &options.own);
    let how = How { looks: &looks, locks: &locks, tests: options.tests, steps_max: STEPS_MAX };
    let next = AtomicUsize::new(0);
    let done = Mutex::new(BTreeMap::new());
    let work = || {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(file) = files.get(number) else { break };
            let read = read_file(file, &how);
            done.lock().expect("nobody panics with it").insert(number, read);
        }
    };
    let threads = options.threads.get().min(files.len());
    thread::scope(|scope| {
        let begun: Vec<_> = (0..threads).map(|_| thread().spawn_scoped(scope, work)).collect();
        assert!(threads == 0 || begun.iter().any(Result::is_ok), "no thread can be begun");
    });
    done.into_inner().expect("nobody panics with it").into_values().collect()
}

/// What is the same for every file.
struct How<'a> {
    looks: &'a Looks,
    locks: &'a Locks<'a>,
    tests: Tests,
    /// How much is done for one file.
    steps_max: u64,
}

fn read_file(file: &Candidate, how: &How<'_>) -> Learnt {
    let failed = |reason: String| Learnt {
        not_audited: Some(NotAudited { path: file.path.clone(), line: None, reason }),
        ..Learnt::default()
    };
    match read_some(&file.path) {
        Ok(bytes) => read_bytes(file, &bytes, how),
        Err(reason) => failed(reason),
    }
}

/// The bytes of a file; of one that is too long, one more than is read further.
pub(crate) fn read_some(path: &Path) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let opened = File::open(path);
    let read = opened.and_then(|opened| opened.take(BYTES_MAX as u64 + 1).read_to_end(&mut bytes));
    read.map(|_| bytes).map_err(|error| system_text(&error))
}

/// The text that bytes are, or the line because of which they are none and why.
pub(crate) fn text_of(bytes: &[u8]) -> Result<&str, (Option<usize>, String)> {
    if bytes.len() > BYTES_MAX {
        return Err((None, format!("it is longer than {BYTES_MAX} bytes")));
    }
    std::str::from_utf8(bytes).map_err(|error| {
        let good = bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count();
        (Some(good + 1), "it is not UTF-8".to_owned())
    })
}

fn read_bytes(file: &Candidate, bytes: &[u8], how: &How<'_>) -> Learnt {
    let failed = |line, reason: String| Learnt {
        not_audited: Some(NotAudited { path: file.path.clone(), line, reason }),
        ..Learnt::default()
    };
    let text = match text_of(bytes) {
        Ok(text) => text,
        Err((line, reason)) => return failed(line, reason),
    };
    let source = Source::new(text);
    if let Some(at) = source.too_deep() {
        let reason =
            format!("it nests deeper than {DEPTH_MAX} brackets, or {CHAIN_MAX} tokens in one statement");
        return failed(Some(source.place(at).0), reason);
    }
    effort::begin(how.steps_max);
    let read = contained(|| parse_and_walk(file, &source, how));
    // What the parser keeps for the spans of this thread would grow with every file.
    proc_macro2::extra::invalidate_current_thread_spans();
    if effort::is_spent() {
        let reason = format!(
            "it takes more than {} steps to look through: some function or list in it is too long",
            how.steps_max
        );
        return failed(None, reason);
    }
    read.unwrap_or_else(|(line, reason)| failed(line, reason))
}

/// A rule that panics over one file must not take with it what is known of all others.
fn contained(work: impl FnOnce() -> Result<Learnt, Failure>) -> Result<Learnt, Failure> {
    // Nothing that outlives the file is written to meanwhile.
    let read = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
    read.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(|text| &**text);
        let text = text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("it does not say why");
        let text = text.lines().next().unwrap_or_default();
        let advice = "this is a defect of the audit and not of the file: please report it with this line, and with the file if you may";
        Err((None, format!("the audit panicked over it ({text}); {advice}")))
    })
}

/// Why a file cannot be audited, and in which line.
type Failure = (Option<usize>, String);

fn parse_and_walk(file: &Candidate, source: &Source<'_>, how: &How<'_>) -> Result<Learnt, Failure> {
    let tree: syn::File = syn::parse_str(source.code()).map_err(|error| {
        let at = source.range(error.span()).start;
        (Some(source.place(at).0), does_not_parse(&error))
    })?;
    let (mut allows, wrong) = allow::read(source);
    let alone: Vec<usize> = (0..allows.len()).filter(|at| allow::is_alone(&allows[*at])).collect();
    let wanted: Vec<_> = alone.iter().map(|at| allows[*at].over.clone()).collect();
    let module = module_of(&file.path);
    let knowledge = how.locks.known(&file.path);
    let setting = if file.is_test { Setting::Test } else { Setting::Shipped };
    let prepared = Prepared {
        source,
        knowledge,
        outline: Outline::of(&tree, &module, knowledge),
        bodies: Bodies::of(&tree),
        setting,
        module,
    };
    let walked = walk(&tree, &prepared, how.looks, how.tests, &wanted);
    for (at, (start, end)) in alone.into_iter().zip(&walked.ends) {
        allows[at].over = *start..*end;
    }
    let wrong = wrong.into_iter().map(|wrong| Raw {
        rule: wrong.rule,
        level: wrong.rule.level,
        span: wrong.span,
        here: wrong.here,
        within: String::new(),
        setting,
    });
    Ok(settle(file, source, walked, wrong.collect(), &allows))
}

fn does_not_parse(error: &syn::Error) -> String {
    let text = error.to_string().replace('\n', " ");
    if text == "cannot parse string into token stream" {
        return "it does not parse: a bracket or a quote has no other half".to_owned();
    }
    // The parser names all tokens that could stand there.
    if text.starts_with("expected one of") {
        "it does not parse".to_owned()
    } else {
        format!("it does not parse: {text}")
    }
}

/// What is left of what was found when comments have been heard.
fn settle(
    file: &Candidate,
    source: &Source<'_>,
    walked: Walked,
    wrong: Vec<Raw>,
    allows: &[Allow],
) -> Learnt {
    let mut read = Learnt { lines: source.lines.count(), ..Learnt::default() };
    for (family, _) in &walked.found.looked {
        *read.looked.entry(*family).or_default() += 1;
    }
    let mut is_used = allow::none_used(allows);
    let mut raws = wrong;
    for raw in walked.found.raw {
        if !effort::spend(allows.len() as u64) {
            break;
        }
        if let Some(allow) = allow::by(allows, &mut is_used, raw.rule, raw.span.start) {
            read.suppressed
                .push(Suppressed { finding: finding(file, source, raw), reason: allow.reason.clone() });
        } else {
            raws.push(raw);
        }
    }
    let is_left_out = |allow: &Allow| {
        walked.left_out.iter().any(|range| !effort::spend(1) || range.contains(&allow.span.start))
    };
    for (allow, is_used) in allows.iter().zip(&is_used).filter(|(allow, _)| !is_left_out(allow)) {
        raws.extend(complaints(allow, is_used));
    }
    read.findings = raws.into_iter().map(|raw| finding(file, source, raw)).collect();
    read.findings.sort_by(by_place);
    read.suppressed.sort_by(|one, other| by_place(&one.finding, &other.finding));
    read.called = walked.called;
    read.test_files =
        walked.test_modules.iter().flat_map(|module| module_files(&file.path, module)).collect();
    read
}

pub(crate) fn by_place(one: &Finding, other: &Finding) -> std::cmp::Ordering {
    (one.span.start, one.rule.id).cmp(&(other.span.start, other.rule.id))
}

/// What is wrong with a comment that allows something.
pub(crate) fn complaints(allow: &Allow, is_used: &[bool]) -> Vec<Raw> {
    let raw = |rule: &'static crate::Rule, here: String| Raw {
        rule,
        level: rule.level,
        span: allow.span.clone(),
        here,
        within: String::new(),
        setting: Setting::Shipped,
    };
    let mut complaints = Vec::new();
    if allow.reason.is_empty() {
        complaints.push(raw(&allow::WITHOUT_REASON, "this allows something and does not say why".to_owned()));
    }
    for (allowed, _) in allow.allows.iter().zip(is_used).filter(|(_, is_used)| !**is_used) {
        let name = match allowed {
            allow::Allowed::Rule(rule) => rule.id,
            allow::Allowed::Family(family) => family.name(),
        };
        complaints.push(raw(&allow::UNUSED, format!("nothing of `{name}` is found here")));
    }
    complaints
}

fn finding(file: &Candidate, source: &Source<'_>, raw: Raw) -> Finding {
    let level = if raw.setting == Setting::Test { Level::Info } else { raw.level.min(raw.rule.level) };
    let (line, column) = source.place(raw.span.start);
    let (line_end, column_end) = source.place(raw.span.end);
    let text = without_layout(source, &raw.span);
    Finding {
        fingerprint: Fingerprint::of(raw.rule.id, &raw.within, &text),
        rule: raw.rule,
        level,
        setting: raw.setting,
        path: file.path.clone(),
        excerpt: Excerpt::of(&source.lines, &raw.span),
        beside: None,
        span: raw.span,
        line,
        column,
        line_end,
        column_end,
        here: raw.here,
        within: raw.within,
    }
}

/// Where the file of a module may be: `::net::tests` of `src/lib.rs` is `src/net/tests.rs` or `src/net/tests/mod.rs`.
fn module_files(path: &Path, module: &str) -> [PathBuf; 2] {
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut place =
        if matches!(stem, "lib" | "main" | "mod") { folder.to_owned() } else { folder.join(stem) };
    place.extend(module.split("::").filter(|part| !part.is_empty()));
    [place.with_extension("rs"), place.join("mod.rs")]
}

#[cfg(test)]
mod tests;
