//! A whole body in memory, however long: it is read to its end: the rule `bandwidth::body-unbounded`.

use proc_macro2::Span;
use syn::{Expr, FnArg, Type};

use crate::look::{Call, Found, Look, Method};
use crate::syntax::{any_expr, called, peel, span, variable};

use crate::family::Family;
use crate::finding::Level;
use crate::rule::{Page, Rule};
use crate::scope::Scope;

pub(crate) const RULE: Rule = Rule {
    id: "bandwidth::body-unbounded",
    family: Family::Bandwidth,
    level: Level::Info,
    title: "the whole of a body in memory, however long it is",
    page: Page {
        why: "The length of a body is what the other side makes it. Collected without a limit, it is as much \
              memory as somebody wishes to send.",
        incident: "A client uploads a film to a port for thumbnails. Ten such uploads at once are more memory \
                   than the machine has.",
        instead: "put a limit around it: `Limited::new(body, BYTES_MAX)`, or `to_bytes(body, BYTES_MAX)`",
        better: "let bytes = axum::body::to_bytes(body, 64 * 1024).await?;",
        alike: &[
            "`Limited` around the body, or a limit as the second argument",
            "a function that looks at the length that was announced, which HTTP holds the sender to",
            "an extractor such as `Bytes` or `Json`, which has a limit of its own",
            "the answer to a request of ours, from a server that we trust",
            "a layer in another file that limits bodies, which this does not see: half of what it tells",
        ],
        allow: "If what stands before it limits bodies, such as a proxy or a layer, say which.",
        shows: &[],
        unshown: "no run here counts the memory of a machine",
        links: &[],
    },
    looks: &[Look::Method(look_method), Look::Call(look_call)],
};

fn look_method<'a>(method: &Method<'a>, scope: &Scope<'a>, found: &mut Found) {
    if method.name != "to_bytes" && method.name != "aggregate" {
        return;
    }
    let Expr::MethodCall(collect) = peel(&method.expr.receiver) else { return };
    if collect.method != "collect" || !collect.args.is_empty() || collect.turbofish.is_some() {
        return;
    }
    judge(&collect.receiver, span(method.expr), scope, found);
}

fn look_call<'a>(call: &Call<'a>, scope: &Scope<'a>, found: &mut Found) {
    let is_body = call.path.ends_with("body::to_bytes") || call.path.ends_with("body::aggregate");
    if !is_body {
        return;
    }
    match call.expr.args.iter().nth(1) {
        Some(limit) if called(limit).is_none_or(|name| name != "MAX") => found.looked(call.span),
        _ => {
            if let Some(body) = call.expr.args.first() {
                judge(body, span(call.expr), scope, found);
            }
        }
    }
}

fn judge(body: &Expr, place: Span, scope: &Scope<'_>, found: &mut Found) {
    found.looked(place);
    if scope.mentions(&["limited", "limit"])
        || scope.has_name(&["size_hint", "content_length", "CONTENT_LENGTH"])
    {
        return;
    }
    let is_answer = scope
        .source
        .mentions(&scope.source.range(span(body)), &["resp", "response", "res", "reply", "answer"]);
    if is_asked(scope) && (is_answer || has_status(body, scope)) {
        return;
    }
    if is_asked(scope) {
        found.say(place, scope, "whoever sends this body decides how much memory it takes");
    } else {
        let here = "this takes as much memory as the other side sends: is there a limit on the way?";
        found.say_at(Level::Info, place, scope, here);
    }
}

/// Whether this function answers requests, by what it takes.
fn is_asked(scope: &Scope<'_>) -> bool {
    const TAKEN: [&str; 6] = ["Request", "Incoming", "Body", "HttpRequest", "Payload", "Multipart"];
    let is_taken = |kind: &Type| scope.source.range(span(kind));
    scope.function().is_some_and(|function| {
        function.signature.inputs.iter().any(|input| match input {
            FnArg::Typed(input) => TAKEN.iter().any(|name| scope.source.has_name(&is_taken(&input.ty), name)),
            FnArg::Receiver(_) => false,
        })
    })
}

/// Whether this is an answer, since it has a status.
fn has_status(body: &Expr, scope: &Scope<'_>) -> bool {
    let Some(name) = variable(peel(body)) else { return false };
    scope.function().is_some_and(|function| {
        any_expr(function.block, |expr| match expr {
            Expr::MethodCall(call) => call.method == "status" && variable(&call.receiver) == Some(name),
            _ => false,
        })
    })
}
