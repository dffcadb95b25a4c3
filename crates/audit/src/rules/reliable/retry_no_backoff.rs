//! Asking again at once, for ever: the rule `reliable::retry-no-backoff`.

use syn::{Block, Expr, ExprIf, Pat, Stmt};

use crate::family::Family;
use crate::finding::Level;
use crate::look::{Found, Look};
use crate::rule::{Page, Rule};
use crate::scope::{Loop, Scope};
use crate::syntax::{any_expr, ends_with, span};

pub(crate) const RULE: Rule = Rule {
    id: "reliable::retry-no-backoff",
    family: Family::Reliable,
    level: Level::Warn,
    title: "asking again at once, for ever",
    page: Page {
        why: "A connection that is refused is refused at once. A loop that asks again without a pause asks as often as the \
              processor can, and so do all its like.",
        incident: "A catalog restarts, and two hundred stations ask it again some thousand times a second each. It answers \
                   nobody but refusals until somebody takes the stations off the network.",
        instead: "wait before asking again, longer each time, by a little more or less at random, and give up at last",
        better: "let mut pause = Duration::from_millis(50);\n\
                 loop {\n    match connect(peer).await {\n        Ok(stream) => return Ok(stream),\n        \
                 Err(_) => sleep(jittered(pause)).await,\n    }\n    pause = (pause * 2).min(PAUSE_MAX);\n}",
        alike: &[
            "a loop that sleeps, or waits for a tick, anywhere in it",
            "a loop that accepts connections and goes on after a bad one",
            "a loop over a channel, which waits by itself",
            "a loop that ends with the error",
        ],
        allow: "If the request itself waits on the other side, such as a long poll that fails slowly, say so.",
        shows: &[],
        unshown: "whoever asks again here has waited first, and no station is asked by so many that it fails",
        links: &[],
    },
    looks: &[Look::Loop(look)],
};

/// A loop with one of these words in it pauses, or counts on something that does.
const PAUSES: [&str; 16] = [
    "sleep", "backoff", "delay", "interval", "tick", "pause", "retry", "retries", "attempt", "attempts",
    "cooldown", "jitter", "wait", "timer", "notified", "park",
];

fn look<'a>(found_loop: &Loop<'a>, scope: &Scope<'a>, found: &mut Found) {
    // A loop over things ends with them.
    if matches!(found_loop, Loop::For(_)) {
        return;
    }
    let asks_in_header = match found_loop {
        Loop::While(found) => failing(&found.cond, scope),
        _ => false,
    };
    let body = found_loop.body();
    let forgets = asks_in_header || any_expr(body, |expr| forgets_failure(expr, scope));
    let asks = forgets || any_expr(body, |expr| scope.is_remote(expr));
    if !asks {
        return;
    }
    found.looked(found_loop.word());
    let whole = scope.source.range(span(body));
    if forgets && !scope.source.mentions(&whole, &PAUSES) {
        found.say(
            found_loop.word(),
            scope,
            "after a failure this loop asks again at once, and never gives up",
        );
    }
}

/// `while connect().is_err()`
fn failing(condition: &Expr, scope: &Scope<'_>) -> bool {
    matches!(condition, Expr::MethodCall(call) if call.method == "is_err" && scope.is_remote(&call.receiver))
}

/// Whether something remote is asked here, and nothing is done if it fails.
fn forgets_failure(expr: &Expr, scope: &Scope<'_>) -> bool {
    let found = match expr {
        Expr::Match(found) => found,
        Expr::If(found) => return wants_success(found, scope),
        _ => return false,
    };
    let is_forgotten = found.arms.iter().any(|arm| is_failure(&arm.pat) && is_nothing(&arm.body));
    is_forgotten && scope.is_remote(&found.expr)
}

/// `if let Ok(stream) = connect().await { return stream; }`, and nothing if not.
fn wants_success(found: &ExprIf, scope: &Scope<'_>) -> bool {
    let Expr::Let(asked) = &*found.cond else { return false };
    let is_success = matches!(&*asked.pat, Pat::TupleStruct(pat) if ends_with(&pat.path, "Ok"));
    let asks = || scope.act(&asked.expr).is_some_and(|act| matches!(&*act.kind, "connect" | "request"));
    let ends = || any_expr(&found.then_branch, |expr| matches!(expr, Expr::Return(_) | Expr::Break(_)));
    found.else_branch.is_none() && is_success && asks() && ends()
}

fn is_failure(pat: &Pat) -> bool {
    matches!(pat, Pat::TupleStruct(pat) if ends_with(&pat.path, "Err"))
}

/// Whether this goes on with the loop, having told of it at most.
fn is_nothing(expr: &Expr) -> bool {
    match expr {
        Expr::Continue(_) => true,
        Expr::Tuple(tuple) => tuple.elems.is_empty(),
        Expr::Macro(_) => !is_end(expr),
        Expr::Block(block) => is_nothing_block(&block.block),
        _ => false,
    }
}

fn is_nothing_block(block: &Block) -> bool {
    block.stmts.iter().all(|statement| match statement {
        Stmt::Macro(told) => !ENDS.iter().any(|name| ends_with(&told.mac.path, name)),
        Stmt::Expr(expr, _) => is_nothing(expr),
        _ => false,
    })
}

const ENDS: [&str; 4] = ["panic", "bail", "unreachable", "todo"];

fn is_end(expr: &Expr) -> bool {
    matches!(expr, Expr::Macro(told) if ENDS.iter().any(|name| ends_with(&told.mac.path, name)))
}
