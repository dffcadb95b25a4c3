//! Mends that a machine can make: few, small, and each proved by auditing the mended text again.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use syn::visit::{self, Visit};
use syn::{Block, Expr, Local, Pat};

use crate::audit::{Audit, Options, audit_text, in_room};
use crate::finding::{Finding, Level};
use crate::fingerprint::Fingerprint;
use crate::source::Source;
use crate::syntax::variable;

/// A text with findings mended.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Mended {
    /// The text.
    pub text: String,
    /// How many mends were made; one may end several findings.
    pub mends: usize,
}

/// Mends what can be mended of a file at a level or above:
///
/// - a local `SystemTime::now()` that is used for nothing but `elapsed()` becomes an `Instant`;
/// - `to_ne_bytes` and `from_ne_bytes` become `to_le_bytes` and `from_le_bytes`, if all of the file are findings: little-endian,
///   since nearly every machine is, so that what is written today can be read tomorrow;
/// - the builder of a reqwest client gets a time-out of 30 s.
///
/// Each mend is kept only if the mended text parses, has fewer findings, has none that were not there before, and misses none
/// that was not touched. Nothing if there is nothing to mend. Audits the text twice for each finding.
pub fn mend(path: &Path, text: &str, options: &Options, least: Level) -> Option<Mended> {
    in_room(|| mend_here(path, text, options, least))
}

fn mend_here(path: &Path, text: &str, options: &Options, least: Level) -> Option<Mended> {
    let mut mended = Mended { text: text.to_owned(), mends: 0 };
    let mut audit = audit_text(path, text.as_bytes(), options);
    let mut skipped = 0;
    while let Some(finding) = audit.findings.iter().filter(|finding| finding.level >= least).nth(skipped) {
        let better = edits(finding, &mended.text, &audit).and_then(|edits| {
            let touched: Vec<usize> = edits.iter().map(|(range, _)| range.start).collect();
            let text = applied(&mended.text, edits)?;
            let after = audit_text(path, text.as_bytes(), options);
            is_better(&audit, &after, &touched).then_some((text, after))
        });
        match better {
            Some((text, after)) => {
                mended = Mended { text, mends: mended.mends + 1 };
                audit = after;
                // It may have ended one that was skipped. Each round leaves fewer, so that there is a last.
                skipped = 0;
            }
            None => skipped += 1,
        }
    }
    (mended.mends > 0).then_some(mended)
}

/// Whether findings are gone of which each was touched, and no new one is there. A rule that looks at the whole file may be
/// silent over one place because another was mended, and then the mend would hide what it did not mend.
fn is_better(before: &Audit, after: &Audit, touched: &[usize]) -> bool {
    let mut gone: BTreeMap<Fingerprint, usize> = BTreeMap::new();
    for finding in &before.findings {
        *gone.entry(finding.fingerprint).or_default() += 1;
    }
    let is_old = |finding: &Finding| {
        let gone = gone.get_mut(&finding.fingerprint).filter(|gone| **gone > 0);
        gone.map(|gone| *gone -= 1).is_some()
    };
    let is_none_new = after.findings.iter().all(is_old);
    let is_touched =
        |finding: &&Finding| touched.iter().any(|at| (finding.span.start..=finding.span.end).contains(at));
    for finding in before.findings.iter().filter(is_touched) {
        if let Some(gone) = gone.get_mut(&finding.fingerprint) {
            *gone = gone.saturating_sub(1);
        }
    }
    let is_none_hidden = gone.values().all(|gone| *gone == 0);
    let is_less = after.findings.len() < before.findings.len();
    after.not_audited.is_empty() && is_less && is_none_new && is_none_hidden
}

type Edit = (Range<usize>, String);

/// The text with parts of it replaced, which must not overlap.
fn applied(text: &str, mut edits: Vec<Edit>) -> Option<String> {
    edits.sort_by_key(|(range, _)| range.start);
    let mut new = String::new();
    let mut at = 0;
    for (range, with) in edits {
        new.push_str(text.get(at..range.start)?);
        new.push_str(&with);
        at = range.end;
    }
    new.push_str(text.get(at..)?);
    Some(new)
}

fn edits(finding: &Finding, text: &str, audit: &Audit) -> Option<Vec<Edit>> {
    match finding.rule.id {
        "homogeneous::native-endian" => fix_order(finding, text, audit),
        "reliable::http-no-timeout" => give_timeout(finding, text, audit),
        "clock::systemtime-elapsed" => measure(finding, text),
        _ => None,
    }
}

fn fix_order(finding: &Finding, text: &str, audit: &Audit) -> Option<Vec<Edit>> {
    let source = Source::new(text);
    let whole = 0..text.len();
    let is_native = |name: &str| matches!(name, "to_ne_bytes" | "from_ne_bytes");
    let found = audit.findings.iter().filter(|other| other.rule.id == finding.rule.id).count();
    // What one side writes the other side reads: all of a file is mended, or nothing.
    if source.places(&whole).filter(|(_, name)| is_native(name)).count() != found {
        return None;
    }
    let mut inner = source.places(&finding.span).filter(|(_, name)| is_native(name));
    let first = inner.next()?;
    // Of a method the name stands last, of a function first.
    let (at, name) = if first.1 == "to_ne_bytes" { inner.last().unwrap_or(first) } else { first };
    Some(vec![(at..at + name.len(), name.replace("_ne_", "_le_"))])
}

/// To all builders of a file at once, since the rule asks whether the file has a time-out.
fn give_timeout(finding: &Finding, text: &str, audit: &Audit) -> Option<Vec<Edit>> {
    let source = Source::new(text);
    if !is_builder(finding, &source) || !source.has_name(&(0..text.len()), "reqwest") {
        return None;
    }
    let alike = audit.findings.iter().filter(|other| other.rule.id == finding.rule.id);
    let builders = alike.filter(|other| is_builder(other, &source));
    let edit = |builder: &Finding| {
        let behind = &text[builder.span.end..];
        let blank = behind.len() - behind.trim_start().len();
        // One call a line, if the others stand so.
        let is_chain = behind[blank..].starts_with('.') && behind[..blank].contains('\n');
        let before = if is_chain { &behind[..blank] } else { "" };
        let timeout = format!("{before}.timeout(std::time::Duration::from_secs(30))");
        (builder.span.end..builder.span.end, timeout)
    };
    Some(builders.map(edit).collect())
}

fn is_builder(finding: &Finding, source: &Source<'_>) -> bool {
    let called = source.places(&finding.span).map(|(_, name)| name).collect::<Vec<_>>();
    matches!(&called[..], [.., "Client", "builder"] | [.., "ClientBuilder", "new" | "default"])
}

fn measure(finding: &Finding, text: &str) -> Option<Vec<Edit>> {
    let source = Source::new(text);
    let tree = syn::parse_str(source.code()).ok()?;
    let mut search = Search { source: &source, at: finding.span.start, moment: None };
    search.visit_file(&tree);
    let Moment { name, made, block, mut uses } = search.moment?;
    // Each use is one that was understood, and none is in a text of a format.
    let named = source.places(&block).filter(|(_, found)| *found == name).count();
    if named != uses.len() + 1 || text[block].contains(&format!("{{{name}")) {
        return None;
    }
    let whole = 0..text.len();
    let types: Vec<usize> =
        source.places(&whole).filter(|(_, name)| *name == "SystemTime").map(|(at, _)| at).collect();
    match types[..] {
        // What `use` brought is needed by nobody else.
        [brought, here]
            if here == made.start && is_private_use(text, brought) && !source.has_name(&whole, "Instant") =>
        {
            uses.push((brought..brought + "SystemTime".len(), "Instant".to_owned()));
            uses.push((made, "Instant::now".to_owned()));
        }
        _ => uses.push((made, "std::time::Instant::now".to_owned())),
    }
    // What the parser keeps of this thread would grow with every mend.
    proc_macro2::extra::invalidate_current_thread_spans();
    Some(uses)
}

/// Whether a name stands in a `use` that is not seen elsewhere.
fn is_private_use(text: &str, at: usize) -> bool {
    let statement = text[..at].rsplit([';', '}']).next().unwrap_or_default();
    let mut words = statement.split_whitespace();
    words.any(|word| word == "use") && !statement.contains("pub") && !statement.contains('#')
}

/// A variable that holds when something began.
struct Moment {
    name: String,
    /// The path of the call that made it.
    made: Range<usize>,
    /// The block that it lives in.
    block: Range<usize>,
    /// What becomes of each use.
    uses: Vec<Edit>,
}

/// Looks for the innermost block around a place that makes such a variable, of which `elapsed()` is asked there.
struct Search<'a> {
    source: &'a Source<'a>,
    at: usize,
    moment: Option<Moment>,
}

impl<'ast> Visit<'ast> for Search<'_> {
    fn visit_block(&mut self, block: &'ast Block) {
        let range = self.source.range(crate::syntax::span(block));
        if !range.contains(&self.at) {
            return;
        }
        for statement in &block.stmts {
            let syn::Stmt::Local(local) = statement else { continue };
            let Some((name, made)) = moment(local) else { continue };
            let mut uses = Uses { source: self.source, name: &name, edits: Vec::new() };
            uses.visit_block(block);
            if uses.edits.iter().any(|(_, text)| text.is_empty()) && uses.has(self.at) {
                let (edits, made) = (uses.edits, self.source.range(made));
                self.moment = Some(Moment { name, made, block: range.clone(), uses: edits });
            }
        }
        visit::visit_block(self, block);
    }
}

/// The name and the path of `let name = SystemTime::now();`.
fn moment(local: &Local) -> Option<(String, proc_macro2::Span)> {
    let Pat::Ident(name) = &local.pat else { return None };
    let Expr::Call(call) = &*local.init.as_ref()?.expr else { return None };
    let Expr::Path(path) = &*call.func else { return None };
    let pieces: Vec<String> = path.path.segments.iter().map(|segment| segment.ident.to_string()).collect();
    let is_now =
        matches!(&pieces.iter().map(|piece| &**piece).collect::<Vec<_>>()[..], [.., "SystemTime", "now"]);
    let is_plain = name.mutability.is_none() && name.by_ref.is_none() && name.subpat.is_none();
    (is_now && is_plain && call.args.is_empty()).then(|| (name.ident.to_string(), crate::syntax::span(path)))
}

/// `name.elapsed()` with what takes its error away, which an `Instant` does not have.
struct Uses<'a> {
    source: &'a Source<'a>,
    name: &'a str,
    edits: Vec<Edit>,
}

impl Uses<'_> {
    /// Whether the call that ends in one of them begins here.
    fn has(&self, at: usize) -> bool {
        self.edits.iter().any(|(range, _)| {
            let before = &self.source.text[at.min(range.start)..range.start];
            before.starts_with(self.name) && !before.contains(';')
        })
    }
}

impl<'ast> Visit<'ast> for Uses<'_> {
    fn visit_expr(&mut self, expr: &'ast Expr) {
        let inner = match expr {
            Expr::Try(inner) => Some(&*inner.expr),
            Expr::MethodCall(call)
                if matches!(&*call.method.to_string(), "unwrap" | "expect" | "unwrap_or_default") =>
            {
                Some(&*call.receiver)
            }
            _ => None,
        };
        if let Some(Expr::MethodCall(call)) = inner {
            let is_ours = variable(&call.receiver).is_some_and(|name| name == self.name);
            if is_ours && call.method == "elapsed" && call.args.is_empty() {
                let (end, whole) =
                    (self.source.range(crate::syntax::span(call)).end, crate::syntax::span(expr));
                self.edits.push((end..self.source.range(whole).end, String::new()));
                return;
            }
        }
        visit::visit_expr(self, expr);
    }
}
