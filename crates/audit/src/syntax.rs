//! Small questions to a tree: what is under a `?`, what a path says, where an expression is.

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Block, Expr, Ident, Lit, Macro, Member, Path, Stmt};

use crate::effort;

/// What is under `.await`, `?`, `.unwrap()`, `.expect(…)`, `&`, `*`, `as`, parentheses and `try_into()`.
pub(crate) fn peel(mut expr: &Expr) -> &Expr {
    loop {
        expr = match expr {
            Expr::Await(inner) => &inner.base,
            Expr::Try(inner) => &inner.expr,
            Expr::Paren(inner) => &inner.expr,
            Expr::Group(inner) => &inner.expr,
            Expr::Reference(inner) => &inner.expr,
            Expr::Cast(inner) => &inner.expr,
            Expr::Unary(inner) if matches!(inner.op, syn::UnOp::Deref(_)) => &inner.expr,
            Expr::MethodCall(call) if PASSES_ON.iter().any(|name| call.method == name) => &call.receiver,
            _ => return expr,
        }
    }
}

/// Methods that give what they are called on, or what is in it.
pub(crate) const PASSES_ON: [&str; 26] = [
    "unwrap",
    "expect",
    "clone",
    "as_mut",
    "as_ref",
    "by_ref",
    "borrow",
    "borrow_mut",
    "unwrap_or_default",
    "to_owned",
    "into",
    "context",
    "with_context",
    "map_err",
    "ok",
    "ok_or",
    "ok_or_else",
    "try_into",
    "unwrap_or",
    "as_deref",
    "as_deref_mut",
    "get_mut",
    "get_ref",
    "take",
    "into_inner",
    "boxed",
];

/// The name of a variable, if it is no more than that.
pub(crate) fn variable(expr: &Expr) -> Option<&Ident> {
    match expr {
        Expr::Path(path) if path.qself.is_none() => path.path.get_ident(),
        _ => None,
    }
}

/// The last name of what is read: `stream` of `self.stream`, of `&mut stream` and of `stream.lock()`.
pub(crate) fn called(expr: &Expr) -> Option<&Ident> {
    match peel(expr) {
        Expr::Field(field) => match &field.member {
            Member::Named(name) => Some(name),
            Member::Unnamed(_) => called(&field.base),
        },
        Expr::MethodCall(call) => Some(&call.method),
        Expr::Call(call) => called(&call.func),
        Expr::Path(path) => path.path.segments.last().map(|segment| &segment.ident),
        Expr::Index(index) => called(&index.expr),
        _ => None,
    }
}

/// A text that stands here.
pub(crate) fn text(expr: &Expr) -> Option<&syn::LitStr> {
    match expr {
        Expr::Lit(lit) => match &lit.lit {
            Lit::Str(text) => Some(text),
            _ => None,
        },
        _ => None,
    }
}

/// From the first token to the last.
pub(crate) fn span(node: &impl Spanned) -> Span {
    let span = node.span();
    span.join(span).unwrap_or(span)
}

/// Whether the last piece of a path is this.
pub(crate) fn ends_with(path: &Path, name: &str) -> bool {
    path.segments.last().is_some_and(|segment| segment.ident == name)
}

/// The number of a literal.
pub(crate) fn number(expr: &Expr) -> Option<u64> {
    match expr {
        Expr::Lit(lit) => match &lit.lit {
            Lit::Int(number) => number.base10_parse().ok(),
            _ => None,
        },
        _ => None,
    }
}

/// Whether a value is the same each time: a literal, a constant, or what a function makes of such.
pub(crate) fn is_constant(expr: &Expr) -> bool {
    match expr {
        Expr::Lit(_) => true,
        Expr::Path(path) => path.path.segments.last().is_some_and(|last| {
            let name = last.ident.to_string();
            name.chars().all(|letter| letter.is_uppercase() || letter == '_' || letter.is_ascii_digit())
        }),
        // What is made of nothing may be another thing each time.
        Expr::Call(call) => !call.args.is_empty() && call.args.iter().all(is_constant),
        Expr::Paren(inner) => is_constant(&inner.expr),
        _ => false,
    }
}

/// A span that is written out, in microseconds: of `Duration::from_millis(20)`, 20 000.
pub(crate) fn written_micros(expr: &Expr) -> Option<u64> {
    let Expr::Call(call) = expr else { return None };
    let name = called(&call.func)?.to_string();
    let count = number(call.args.first()?)?;
    match &*name {
        "from_secs" => count.checked_mul(1_000_000),
        "from_millis" => count.checked_mul(1_000),
        "from_micros" => Some(count),
        "from_nanos" => Some(count / 1_000),
        _ => None,
    }
}

/// A part of a function that a rule may search for.
#[derive(Clone, Copy)]
pub(crate) enum Part<'a> {
    Expr(&'a Expr),
    /// Wherever it stands.
    Macro(&'a Macro),
}

/// Whether some part of this block is such, at any depth and not in an inner function.
pub(crate) fn any<'a>(block: &'a syn::Block, test: impl FnMut(Part<'a>) -> bool) -> bool {
    let mut search = Search { test, is_found: false };
    search.visit_block(block);
    search.is_found
}

/// As [`any`], of expressions alone.
pub(crate) fn any_expr<'a>(block: &'a syn::Block, mut test: impl FnMut(&'a Expr) -> bool) -> bool {
    any(block, |part| matches!(part, Part::Expr(expr) if test(expr)))
}

struct Search<F> {
    test: F,
    is_found: bool,
}

impl<'a, F: FnMut(Part<'a>) -> bool> Visit<'a> for Search<F> {
    fn visit_expr(&mut self, expr: &'a Expr) {
        if self.is_found || !effort::spend(1) {
            return;
        }
        if (self.test)(Part::Expr(expr)) {
            self.is_found = true;
            return;
        }
        visit::visit_expr(self, expr);
    }

    fn visit_macro(&mut self, invoked: &'a Macro) {
        self.is_found = self.is_found || (self.test)(Part::Macro(invoked));
    }

    fn visit_item(&mut self, _: &'a syn::Item) {}

    fn visit_type(&mut self, _: &'a syn::Type) {}
}

/// The statements of the innermost block that holds this place, and which of them does.
pub(crate) fn statements_around(block: &Block, at: usize) -> Option<(&[Stmt], usize)> {
    struct Finder<'a> {
        at: usize,
        found: Option<(&'a [Stmt], usize)>,
    }

    impl<'a> Visit<'a> for Finder<'a> {
        fn visit_block(&mut self, block: &'a syn::Block) {
            let holds =
                |statement: &Stmt| !effort::spend(1) || span(statement).byte_range().contains(&self.at);
            if let Some(number) = block.stmts.iter().position(holds) {
                self.found = Some((&block.stmts, number));
                visit::visit_stmt(self, &block.stmts[number]);
            }
        }
    }

    let mut finder = Finder { at, found: None };
    finder.visit_block(block);
    finder.found
}
