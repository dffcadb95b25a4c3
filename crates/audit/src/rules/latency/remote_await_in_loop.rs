//! One round trip after the other: the rule `latency::remote-await-in-loop`.

use proc_macro2::Span;
use syn::{Block, Expr, ExprForLoop, ExprMethodCall, Pat, Stmt};

use crate::family::Family;
use crate::finding::Level;
use crate::look::{Call, Found, Look, Method};
use crate::retry::is_retry;
use crate::rule::{Page, Rule};
use crate::scope::{Loop, Scope};
use crate::syntax::{any_expr, called, ends_with, span, statements_around, variable};
use crate::words::says;

pub(crate) const RULE: Rule = Rule {
    id: "latency::remote-await-in-loop",
    family: Family::Latency,
    level: Level::Info,
    title: "one round trip after the other",
    page: Page {
        why: "A loop that waits for an answer before it asks the next takes the sum of all round trips, and one peer that is \
              slow holds up all that come after it.",
        incident: "A leader asks thirty stations in turn at 80 ms each, and needs 2.4 s for a round that should take 80 ms. \
                   Elections time out before the round is over, so there is never a leader for long.",
        instead: "ask them at once and wait for all: `join_all`, a `JoinSet`, or `buffer_unordered(n)` with a bound",
        better: "let replies = stream::iter(peers)\n    \
                 .map(|peer| peer.append_entries(&entries))\n    \
                 .buffer_unordered(16);",
        alike: &[
            "attempts at the same request, of which one is to succeed",
            "pages that are asked for by what the page before said",
            "a loop that spawns, or puts futures together and waits for them later",
            "one after the other until one answers well",
            "statements of SQL in their order, such as those of a migration",
            "a sink, which is written to, and SQLite, which is a file",
            "`get`, `put` and `next`, which need not leave the machine",
        ],
        allow: "If each request needs the reply of the one before, or must not be made before it, say so.",
        shows: &["place chain", "place quorum"],
        unshown: "",
        links: &[],
    },
    looks: &[Look::Call(look_call), Look::Method(look_method)],
};

/// Methods that reach another machine, whatever they are called on.
const REMOTE: [&str; 11] = [
    "send_request",
    "query_one",
    "fetch_one",
    "append_entries",
    "request_vote",
    "install_snapshot",
    "rpc",
    "call_remote",
    "execute_remote",
    "send_rpc",
    "call",
];

fn look_call<'a>(call: &Call<'a>, scope: &Scope<'a>, found: &mut Found) {
    // A library's function opens what is asked later, and is tried in turn until one answers.
    if scope.knowledge.function(&call.path).is_some_and(|act| act.is_own_or(&[])) {
        judge(call.span, span(call.expr), scope, found);
    }
}

fn look_method<'a>(method: &Method<'a>, scope: &Scope<'a>, found: &mut Found) {
    let is_known = || {
        let owner = scope.type_of(&method.expr.receiver);
        let act = owner.and_then(|owner| scope.knowledge.method(Some(&owner.path), &method.name));
        // A rule of its own asks after messages to a broker.
        act.is_some_and(|act| act.is_own_or(&["request", "query"]) && act.kind != "publish")
    };
    if (REMOTE.contains(&&*method.name) || is_known()) && !asks_nobody(method.expr, scope) {
        judge(method.expr.method.span(), span(method.expr), scope, found);
    }
}

/// Judges what asks another machine, and is called so here.
fn judge(name: Span, asked: Span, scope: &Scope<'_>, found: &mut Found) {
    let mut around = scope.around();
    if !matches!(around.next(), Some(Expr::Await(_))) {
        return;
    }
    found.looked(name);
    for expr in around {
        match expr {
            Expr::ForLoop(found_loop) => {
                let header = scope.source.range(span(&found_loop.expr));
                let is_in_header = header.contains(&scope.source.range(name).start);
                let is_other = is_in_header
                    || is_attempt(found_loop, scope)
                    || is_ordered(found_loop, scope)
                    || is_once(found_loop, asked)
                    || is_search(found_loop, asked);
                if !is_other && !runs_together(scope) {
                    let here = "each turn of this loop waits for an answer before the next is asked";
                    found.say(asked, scope, here);
                }
                return;
            }
            Expr::While(_) | Expr::Loop(_) | Expr::Closure(_) | Expr::Async(_) => return,
            _ => {}
        }
    }
}

/// Whether this function lets things run at once, of which this may be one.
fn runs_together(scope: &Scope<'_>) -> bool {
    scope.mentions(&["spawn", "unordered", "buffered"])
        || scope.has_name(&["join_all", "try_join_all", "JoinSet", "FuturesOrdered"])
}

/// Whether the turns of a loop are attempts at one thing.
fn is_attempt(found: &ExprForLoop, scope: &Scope<'_>) -> bool {
    const WORDS: [&str; 8] = ["attempt", "attempts", "retry", "retries", "try", "tries", "backoff", "page"];
    let header = scope.source.range(found.for_token.span).start
        ..scope.source.range(found.body.brace_token.span.open()).start;
    let is_named = scope.source.mentions(&header, &WORDS);
    // Who counts, and does not look at the number, does one thing again.
    let is_blind = matches!((&*found.pat, &*found.expr), (Pat::Wild(_), Expr::Range(_)));
    let is_counted =
        matches!(&*found.expr, Expr::Range(_)) && scope.mentions(&["attempt", "retry", "retries", "backoff"]);
    is_named
        || is_blind
        || is_retry(Loop::For(found), scope)
        || is_counted
        || says(&scope.function().map_or(String::new(), |function| function.name.clone()), &["retry"])
}

/// Whether the turns are statements of SQL that change what the next finds, such as those of a migration.
fn is_ordered(found: &ExprForLoop, scope: &Scope<'_>) -> bool {
    const STEPS: [&str; 7] = ["stmt", "stmts", "statement", "statements", "migration", "migrations", "ddl"];
    let header = scope.source.range(found.for_token.span).start
        ..scope.source.range(found.body.brace_token.span.open()).start;
    let is_migration = |name: &str| says(name, &["migrate", "migration", "migrations"]);
    scope.source.mentions(&header, &STEPS)
        || scope.function().is_some_and(|function| is_migration(&function.name))
}

/// Whether the loop ends after this, so that it is asked once: `return` closes the block around.
fn is_once(found: &ExprForLoop, asked: Span) -> bool {
    let at = asked.byte_range().start;
    let Some((around, _)) = statements_around(&found.body, at) else { return false };
    let is_inner = !std::ptr::eq(around, &*found.body.stmts);
    is_inner && matches!(around.last(), Some(Stmt::Expr(Expr::Return(_) | Expr::Break(_), _)))
}

/// Whether the first that answers well ends the loop: those behind it must not be asked.
fn is_search(found: &ExprForLoop, asked: Span) -> bool {
    let at = asked.byte_range().start;
    let holds = |expr: &Expr| span(expr).byte_range().contains(&at);
    let ends = |block: &Block| any_expr(block, |expr| matches!(expr, Expr::Return(_) | Expr::Break(_)));
    any_expr(&found.body, |expr| match expr {
        Expr::If(choice) if holds(&choice.cond) => is_success(&choice.cond) && ends(&choice.then_branch),
        Expr::Match(choice) if holds(&choice.expr) => choice.arms.iter().any(|arm| {
            let ends_loop = match &*arm.body {
                Expr::Block(body) => ends(&body.block),
                body => matches!(body, Expr::Return(_) | Expr::Break(_)),
            };
            ends_loop && is_good(&arm.pat)
        }),
        _ => false,
    })
}

/// `if let Ok(found) = …`, `if ….is_ok()`, `if matches!(…, Ok(_))`
fn is_success(condition: &Expr) -> bool {
    match condition {
        Expr::Let(tried) => is_good(&tried.pat),
        Expr::Binary(both) => is_success(&both.left) || is_success(&both.right),
        Expr::MethodCall(call) => call.method == "is_ok" || call.method == "is_some",
        Expr::Macro(made) => {
            ends_with(&made.mac.path, "matches") && !made.mac.tokens.to_string().contains("Err")
        }
        _ => false,
    }
}

fn is_good(pat: &Pat) -> bool {
    matches!(pat, Pat::TupleStruct(pat) if ["Ok", "Some"].iter().any(|good| ends_with(&pat.path, good)))
}

/// Whether nobody elsewhere is waited for: a sink, which is written to, and SQLite, which is a file.
fn asks_nobody(asked: &ExprMethodCall, scope: &Scope<'_>) -> bool {
    let is_sink = called(&asked.receiver).is_some_and(|name| says(&name.to_string(), &["sink"]));
    let whole = 0..scope.source.text.len();
    let is_file = || {
        scope.source.mentions(&whole, &["sqlite"])
            && !scope.source.mentions(&whole, &["pg", "postgres", "mysql", "mssql"])
    };
    // `self.call(…)` is whatever this type makes of it; parts of one file are written in their order.
    let is_own = asked.method == "call" && variable(&asked.receiver).is_some_and(|name| name == "self");
    let is_download = || scope.has_name(&["RANGE", "CONTENT_RANGE"]);
    is_sink || is_own || is_file() || is_download()
}
