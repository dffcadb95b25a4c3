//! A run as a text for an issue: the verdict, what shows it, a diagram of that, and how to see it again.
//!
//! It is CommonMark with the tables of GitHub and GitLab. Texts of others stand in it as words: whatever could be markup, a
//! mention of somebody or a link to another issue stands in `<code>`, its signs as numbers.

use constellation_trace::{Evidence, Judgement, Trace, Verdict, Witness, one_line};

use super::{Exported, counted, mermaid, shortened};
use crate::facts::proof_lines;
use crate::picture::{Picture, has};

/// The most letters of a text: trackers refuse more than 65,536.
pub const LETTERS_MAX: usize = 60_000;

/// Of more lines of one kind the first are shown.
const LINES_MAX: usize = 30;
/// A cell of a table, and a line of the rest, has so many letters.
const CELL_MAX: usize = 120;
const LINE_MAX: usize = 400;
/// So many letters are left to the diagram.
const DIAGRAM_MAX: usize = 20_000;

/// Writes the text. O(events).
pub fn write(picture: &Picture<'_>) -> Exported {
    let (glyph, word) = picture.verdict();
    let mut out = Text { body: String::new(), left_out: Vec::new() };
    let title = &picture.caption().title;
    let title = if title.is_empty() { String::new() } else { format!(": {}", prose(title, LINE_MAX)) };
    out.body
        .push_str(&format!("### {glyph} {word}{title}\n\n{}\n", prose(&picture.sentence(), 2 * LINE_MAX)));
    if let Some(Judgement { promise, verdict: Verdict::Violated(evidence), .. }) = picture.worst() {
        out.evidence(picture, promise, evidence);
    }
    out.promises(picture.judgements());
    out.remarks(&picture.caption().remarks);
    out.replay(picture);
    out.rest(picture)
}

struct Text {
    body: String,
    left_out: Vec<String>,
}

impl Text {
    /// Adds a part if there is room for it; else it is said to be left out.
    fn part(&mut self, what: &str, part: &str) {
        // The last part, which says what is left out, needs room, too.
        const LAST: usize = 2_000;
        if self.body.len() + part.len() + LAST > LETTERS_MAX {
            self.left_out.push(what.to_owned());
        } else {
            self.body.push_str(part);
        }
    }

    fn evidence(&mut self, picture: &Picture<'_>, promise: &str, evidence: &Evidence) {
        let trace = picture.trace();
        self.part(
            "what was promised",
            &format!(
                "\n- promised: {}\n- expected: {}\n- found: {}\n",
                prose(promise, LINE_MAX),
                prose(&evidence.expected, LINE_MAX),
                prose(&evidence.found, LINE_MAX)
            ),
        );
        let shown: Vec<&Witness> = evidence.events.iter().take(LINES_MAX).collect();
        if !shown.is_empty() {
            let rows: String = shown.iter().map(|witness| row(trace, witness)).collect();
            let head = "\n| event | at | time | what | clocks |\n| --- | --- | --- | --- | --- |\n";
            self.part("the events", &format!("{head}{rows}"));
        }
        self.more(evidence.events.len(), "witnessing event");
        let proof = proof_lines(&evidence.proof);
        self.list("Proof", &proof, "line of the proof");
        let steps = evidence.steps.iter().enumerate();
        let steps = steps.map(|(nth, step)| match evidence.meanings.get(nth).map_or("", String::as_str) {
            "" => step.clone(),
            meaning => format!("{step}: {meaning}"),
        });
        self.list("Smallest schedule found that still fails", &steps.collect::<Vec<_>>(), "step");
        if let Some(diagram) = mermaid::draw_evidence(picture, DIAGRAM_MAX) {
            // Nothing in it is a backquote: those are numbers.
            self.part("the diagram", &format!("\n```mermaid\n{}```\n", diagram.text));
        }
    }

    fn list(&mut self, title: &str, lines: &[String], noun: &str) {
        if lines.is_empty() {
            return;
        }
        let items = lines.iter().take(LINES_MAX).map(|line| format!("1. {}\n", prose(line, LINE_MAX)));
        self.part(noun, &format!("\n{title}:\n\n{}", items.collect::<String>()));
        self.more(lines.len(), noun);
    }

    fn more(&mut self, lines: usize, noun: &str) {
        if lines > LINES_MAX {
            self.left_out.push(counted(lines - LINES_MAX, noun));
        }
    }

    /// All that was judged, if it is more than what the heading says.
    fn promises(&mut self, judgements: &[Judgement]) {
        if judgements.len() < 2 {
            return;
        }
        let rows = judgements.iter().take(LINES_MAX).map(|judgement| {
            let verdict = &judgement.verdict;
            format!("| {} {} | {} |\n", verdict.glyph(), verdict.word(), prose(&judgement.promise, CELL_MAX))
        });
        let rows: String = rows.collect();
        self.part("the promises", &format!("\n| verdict | promise |\n| --- | --- |\n{rows}"));
        self.more(judgements.len(), "promise");
    }

    fn remarks(&mut self, remarks: &[String]) {
        let lines: String =
            remarks.iter().take(LINES_MAX).map(|line| format!("- {}\n", prose(line, LINE_MAX))).collect();
        if !lines.is_empty() {
            self.part("remarks", &format!("\n{lines}"));
        }
        self.more(remarks.len(), "remark");
    }

    fn replay(&mut self, picture: &Picture<'_>) {
        let command = one_line(&picture.caption().replay);
        if command.is_empty() {
            self.left_out.push("a command that makes the same run: the trace does not tell it".to_owned());
            return;
        }
        let fence = fence(&command);
        self.part("the command", &format!("\nTo see it again:\n\n{fence}console\n{command}\n{fence}\n"));
    }

    fn rest(mut self, picture: &Picture<'_>) -> Exported {
        let counts = picture.counts();
        self.left_out.push(format!(
            "the run itself: {} and {} at {}",
            counted(counts.events, "event"),
            counted(counts.messages, "message"),
            counted(counts.nodes, "node")
        ));
        let digest = one_line(&picture.caption().digest);
        let digest =
            if digest.is_empty() { String::new() } else { format!(" (SHA-256 <code>{digest}</code>)") };
        self.body.push_str(&format!("\nLeft out here: {}{digest}.\n", self.left_out.join("; ")));
        Exported { text: self.body, left_out: self.left_out }
    }
}

fn row(trace: &Trace, witness: &Witness) -> String {
    let what = if has(trace, witness.event) { trace.describe(witness.event) } else { witness.what.clone() };
    format!(
        "| {} | {} | {} | {} | {} |\n",
        witness.event,
        prose(&witness.process, CELL_MAX),
        witness.at,
        prose(&what, CELL_MAX),
        witness.stamps.iter().map(|stamp| prose(stamp, CELL_MAX)).collect::<Vec<_>>().join("<br>")
    )
}

/// A fence that no run of backquotes in the text ends.
fn fence(text: &str) -> String {
    let (mut longest, mut run) = (0, 0);
    for letter in text.chars() {
        run = if letter == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    "`".repeat(3.max(longest + 1))
}

/// A text of others as words in a line, in at most so many letters.
///
/// A word of letters and digits with a mark of punctuation around it stands as it is; any other stands in `<code>`, where no
/// site looks for a mention, an issue or an address.
pub(super) fn prose(text: &str, letters: usize) -> String {
    let line = one_line(text);
    let line = shortened(&line, letters);
    let words = line.split(' ').filter(|word| !word.is_empty());
    let words: Vec<String> = words.enumerate().map(|(nth, word)| worded(word, nth == 0)).collect();
    // Words side by side that are no words share a frame.
    if words.is_empty() {
        "<code>&#32;</code>".to_owned()
    } else {
        words.join(" ").replace("</code> <code>", " ")
    }
}

/// `is_first` of a text: what begins a line as a list does, `1.` or `1)`, would be one there.
fn worded(word: &str, is_first: bool) -> String {
    let (mut before, mut core, mut after) = ("", word, "");
    if let Some(rest) = core.strip_prefix('(') {
        (before, core) = ("(", rest);
    }
    let end = core.trim_end_matches([',', ';', ':', '.', '?', ')']);
    let is_listed = is_first && end.chars().all(|letter| letter.is_ascii_digit());
    // A parenthesis that closes one within the word belongs to it.
    let end = if end.contains('(') { core.trim_end_matches([',', ';', ':', '.', '?']) } else { end };
    if !is_listed {
        (core, after) = (end, &core[end.len()..]);
    }
    if is_plain(core) {
        return format!("{before}{core}{after}");
    }
    if core.is_empty() {
        (before, core, after) = ("", word, "");
    }
    // Ours quote names as code is.
    let quoted =
        core.strip_prefix('`').and_then(|rest| rest.strip_suffix('`')).filter(|name| !name.is_empty());
    format!("{before}<code>{}</code>{after}", numbered(quoted.unwrap_or(core)))
}

/// Whether a word is nothing but a word: no sign that is markup, and nothing that looks like a commit or a shorthand.
fn is_plain(word: &str) -> bool {
    const COMMIT_MIN: usize = 7;
    let is_sign = |letter: char| !letter.is_ascii() || letter == '\'' || letter == '-';
    let is_commit =
        word.len() >= COMMIT_MIN && word.chars().all(|letter| letter.is_ascii_hexdigit() || letter == '-');
    let is_issue = word.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("gh-"));
    let begins =
        word.chars().next().is_some_and(|letter| letter.is_ascii_alphanumeric() || !letter.is_ascii());
    begins
        && !is_commit
        && !is_issue
        && word.chars().all(|letter| letter.is_ascii_alphanumeric() || is_sign(letter))
}

/// A text with each sign as a number but those that are none of markup's on their own.
fn numbered(text: &str) -> String {
    let mut numbered = String::with_capacity(text.len() + 8);
    for letter in text.chars() {
        if letter.is_ascii_punctuation() && !"-:,".contains(letter) {
            numbered.push_str(&format!("&#{};", u32::from(letter)));
        } else {
            numbered.push(letter);
        }
    }
    numbered
}
