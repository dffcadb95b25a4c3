//! A client for each request: the rule `cost::client-per-call`.

use syn::{Expr, FnArg, Type};

use crate::family::Family;
use crate::finding::Level;
use crate::look::{Call, Found, Look};
use crate::near;
use crate::rule::{Page, Rule};
use crate::scope::Scope;
use crate::syntax::{any_expr, called, span};
use crate::words::says;

pub(crate) const RULE: Rule = Rule {
    id: "cost::client-per-call",
    family: Family::Cost,
    level: Level::Warn,
    title: "a client that is made anew for each request",
    page: Page {
        why: "A client keeps connections open. One that is made for a request pays for resolving, connecting and the handshake \
              again, which is three round trips and more, and throws away what it paid for.",
        incident: "Traffic doubles for an hour, and with it the handshakes, each of which takes a processor longer than the \
                   request. Closed connections fill the table of ports, and new ones are refused.",
        instead: "make it once, and hand a clone or a reference to whoever asks",
        better: "static CLIENT: LazyLock<Client> = LazyLock::new(client);\n\
                 // or as the state of the server\n\
                 async fn forecast(State(client): State<Client>, …)",
        alike: &[
            "one that is made in `new`, `connect`, `build`, `init` or `main`, or once in a `static`",
            "one that is made again after it failed",
        ],
        allow: "If the settings differ with each request, such as a proxy or a certificate, say so.",
        shows: &[],
        unshown: "no run here counts packets, connections or handshakes",
        links: &[],
    },
    looks: &[Look::Call(look)],
};

/// Functions with one of these words make something that stays.
const MAKERS: [&str; 14] = [
    "new",
    "connect",
    "reconnect",
    "build",
    "builder",
    "init",
    "main",
    "default",
    "create",
    "setup",
    "start",
    "client",
    "open",
    "from",
];

fn look<'a>(call: &Call<'a>, scope: &Scope<'a>, found: &mut Found) {
    let Some(act) = scope.knowledge.function(&call.path) else { return };
    let is_connect = act.kind == "connect";
    if is_connect && call.expr.args.first().is_some_and(|address| near::is_own(address, scope)) {
        return;
    }
    let is_client = matches!(&*act.kind, "client" | "builder" | "connect")
        || (act.kind == "request" && call.path == "reqwest::get");
    if !is_client || near::is_for_browsers(scope) {
        return;
    }
    found.looked(call.span);
    let Some(function) = scope.function() else { return };
    if says(&function.name, &MAKERS)
        || scope.has_name(&[
            "LazyLock",
            "OnceLock",
            "OnceCell",
            "Lazy",
            "get_or_init",
            "get_or_try_init",
            "get_or_insert_with",
        ])
    {
        return;
    }
    let place = span(call.expr);
    if in_loop(scope) && !is_connect {
        found.say(place, scope, "each turn of this loop connects anew");
    } else if serves(scope) && is_handler(function.signature) {
        found.say(place, scope, "this function is called for each request, and connects anew for each");
    }
}

/// Whether the innermost loop around runs to a bound, or over things; one that goes on for ever connects anew after a failure.
fn in_loop(scope: &Scope<'_>) -> bool {
    for expr in scope.around() {
        match expr {
            // The first that answers ends it: what is behind it is hardly ever asked.
            Expr::ForLoop(found) => return !any_expr(&found.body, is_answer),
            Expr::While(_) | Expr::Loop(_) | Expr::Closure(_) | Expr::Async(_) => return false,
            _ => {}
        }
    }
    false
}

/// Whether a function is one that a web server calls, by what it takes.
fn is_handler(signature: &syn::Signature) -> bool {
    const TAKEN: [&str; 9] =
        ["State", "Json", "Query", "Form", "Extension", "Request", "HttpRequest", "HeaderMap", "Path"];
    let is_taken = |kind: &Type| match kind {
        Type::Path(path) => {
            path.path.segments.last().is_some_and(|last| TAKEN.iter().any(|name| last.ident == name))
        }
        _ => false,
    };
    signature.asyncness.is_some()
        && signature.inputs.iter().any(|input| matches!(input, FnArg::Typed(input) if is_taken(&input.ty)))
}

/// `return Ok(…)`
fn is_answer(expr: &Expr) -> bool {
    let Expr::Return(back) = expr else { return false };
    matches!(back.expr.as_deref(), Some(Expr::Call(call)) if called(&call.func).is_some_and(|name| name == "Ok" || name == "Some"))
}

/// Whether this file is about a web server: what tools call `State` or `Path` is another thing.
fn serves(scope: &Scope<'_>) -> bool {
    const SERVERS: [&str; 10] =
        ["axum", "actix_web", "actix", "warp", "poem", "rocket", "salvo", "hyper", "tide", "Router"];
    let whole = 0..scope.source.text.len();
    SERVERS.iter().any(|name| scope.source.has_name(&whole, name))
}
