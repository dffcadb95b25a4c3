//! What is told of what was found, whichever tool found it.

use constellation_audit::{Audit, Compared, Family, Finding, Level, Rule, Setting};

use crate::printer::UNUSABLE;

/// Whose findings are told.
pub(crate) struct Tool {
    /// The command: `audit`.
    pub(crate) name: &'static str,
    /// All rules that it has.
    pub(crate) rules: fn() -> Vec<&'static Rule>,
    /// What they are about, in the order in which it is told.
    pub(crate) families: fn() -> Vec<Family>,
    /// The comment that allows a rule.
    pub(crate) allow: fn(&str) -> String,
}

/// What was found, and what of it is told.
pub(crate) struct Shown {
    pub(crate) tool: &'static Tool,
    pub(crate) audit: Audit,
    /// How many findings are not told, for their level.
    pub(crate) hidden: usize,
    /// From which level on a finding makes the exit code 1.
    pub(crate) deny_from: Level,
    /// What the baseline knows, if there is one.
    pub(crate) baseline: Option<Compared>,
    pub(crate) exit_code: u8,
}

impl Shown {
    /// Findings below `least` are not told.
    pub(crate) fn of(
        tool: &'static Tool,
        mut audit: Audit,
        mut baseline: Option<Compared>,
        least: Level,
        deny_from: Level,
    ) -> Shown {
        let is_denied = audit.findings.iter().any(|finding| finding.level >= deny_from);
        let exit_code = match (audit.not_audited.is_empty(), is_denied) {
            (false, _) => UNUSABLE,
            (true, true) => 1,
            (true, false) => 0,
        };
        let all = audit.findings.len();
        // Whoever asks for tests is told of them.
        let is_told = |finding: &Finding| finding.level >= least || finding.setting == Setting::Test;
        audit.findings.retain(is_told);
        audit.suppressed.retain(|suppressed| is_told(&suppressed.finding));
        if let Some(baseline) = &mut baseline {
            baseline.known.retain(is_told);
        }
        let hidden = all - audit.findings.len();
        Shown { tool, hidden, deny_from, baseline, audit, exit_code }
    }
}
