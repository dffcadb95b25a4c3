//! What stands in macros: the bodies of those whose grammar is known are read as code.
//!
//! A fifth of all calls stand in a macro. Of those that reach the network most are in `select!` and its kin.

use std::collections::BTreeMap;

use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::visit::Visit;
use syn::{Block, Expr, File, Macro, Pat, Stmt, Token};

/// The bodies of a file, each under where its macro stands.
#[derive(Default)]
pub(crate) struct Bodies {
    found: BTreeMap<usize, Body>,
}

/// What stands in a macro.
pub(crate) enum Body {
    /// Expressions with commas between.
    List(Vec<Expr>),
    /// An expression, and how many of it.
    Repeat(Box<Expr>, Box<Expr>),
    /// `select!`: whatever comes first.
    Select(Vec<SelectArm>),
    /// Statements.
    Statements(Vec<Stmt>),
}

/// One thing that is waited for.
pub(crate) struct SelectArm {
    /// What is waited for, and what it is called then; neither behind `else`.
    pub(crate) waits: Option<(Pat, Expr)>,
    /// Under which condition.
    pub(crate) condition: Option<Expr>,
    /// What is done then.
    pub(crate) then: Expr,
}

/// Macros within macros are read so deep.
const ROUNDS_MAX: usize = 8;

impl Bodies {
    pub(crate) fn of(file: &File) -> Bodies {
        let mut bodies = Bodies::default();
        let mut finder = Finder::default();
        finder.visit_file(file);
        for _ in 0..ROUNDS_MAX {
            if finder.found.is_empty() {
                break;
            }
            let mut next = Finder::default();
            for (at, body) in finder.found {
                next.visit_body(&body);
                bodies.found.insert(at, body);
            }
            finder = next;
        }
        bodies
    }

    pub(crate) fn get(&self, invoked: &Macro) -> Option<&Body> {
        self.found.get(&place(invoked))
    }
}

fn place(invoked: &Macro) -> usize {
    invoked.bang_token.span.byte_range().start
}

#[derive(Default)]
struct Finder {
    found: Vec<(usize, Body)>,
}

impl Finder {
    fn visit_body(&mut self, body: &Body) {
        match body {
            Body::List(list) => list.iter().for_each(|expr| self.visit_expr(expr)),
            Body::Repeat(expr, count) => [expr, count].into_iter().for_each(|expr| self.visit_expr(expr)),
            Body::Statements(statements) => statements.iter().for_each(|stmt| self.visit_stmt(stmt)),
            Body::Select(arms) => {
                for arm in arms {
                    let waits = arm.waits.iter().map(|(_, expr)| expr);
                    waits.chain(&arm.condition).chain([&arm.then]).for_each(|expr| self.visit_expr(expr));
                }
            }
        }
    }
}

impl<'ast> Visit<'ast> for Finder {
    fn visit_macro(&mut self, invoked: &'ast Macro) {
        if let Some(body) = parse(invoked) {
            self.found.push((place(invoked), body));
        }
    }

    fn visit_attribute(&mut self, _: &'ast syn::Attribute) {}

    fn visit_type(&mut self, _: &'ast syn::Type) {}
}

/// Whose body is a list of expressions, or nothing that can be read.
const LISTS: [&str; 37] = [
    "vec",
    "matches",
    "assert",
    "assert_eq",
    "assert_ne",
    "debug_assert",
    "debug_assert_eq",
    "debug_assert_ne",
    "format",
    "print",
    "println",
    "eprint",
    "eprintln",
    "write",
    "writeln",
    "panic",
    "todo",
    "unreachable",
    "dbg",
    "bail",
    "ensure",
    "anyhow",
    "trace",
    "debug",
    "info",
    "warn",
    "error",
    "log",
    "join",
    "try_join",
    "array",
    "smallvec",
    "pin",
    "json",
    "concat",
    "span",
    "event",
];

fn parse(invoked: &Macro) -> Option<Body> {
    let name = invoked.path.segments.last()?.ident.to_string();
    match &*name {
        "select" | "select_biased" => {
            invoked.parse_body::<Select>().ok().map(|select| Body::Select(select.arms))
        }
        "stream" | "try_stream" | "try_block" => {
            invoked.parse_body_with(Block::parse_within).ok().map(Body::Statements)
        }
        "vec" => invoked.parse_body::<Repeat>().ok().map(|Repeat(body)| body),
        "matches" => invoked.parse_body::<Matches>().ok().map(|Matches(expr)| Body::List(vec![expr])),
        name if LISTS.contains(&name) => {
            let list = invoked.parse_body_with(Punctuated::<Expr, Token![,]>::parse_terminated).ok()?;
            Some(Body::List(list.into_iter().collect()))
        }
        _ => None,
    }
}

struct Repeat(Body);

impl Parse for Repeat {
    fn parse(input: ParseStream<'_>) -> syn::Result<Repeat> {
        if input.is_empty() {
            return Ok(Repeat(Body::List(Vec::new())));
        }
        let first: Expr = input.parse()?;
        if input.parse::<Option<Token![;]>>()?.is_some() {
            return Ok(Repeat(Body::Repeat(Box::new(first), input.parse()?)));
        }
        let mut list = vec![first];
        while input.parse::<Option<Token![,]>>()?.is_some() && !input.is_empty() {
            list.push(input.parse()?);
        }
        Ok(Repeat(Body::List(list)))
    }
}

struct Matches(Expr);

impl Parse for Matches {
    fn parse(input: ParseStream<'_>) -> syn::Result<Matches> {
        let expr = input.parse()?;
        // The pattern holds nothing that is done.
        input.parse::<proc_macro2::TokenStream>()?;
        Ok(Matches(expr))
    }
}

struct Select {
    arms: Vec<SelectArm>,
}

impl Parse for Select {
    fn parse(input: ParseStream<'_>) -> syn::Result<Select> {
        let ahead = input.fork();
        if ahead.parse::<syn::Ident>().is_ok_and(|word| word == "biased") && ahead.peek(Token![;]) {
            input.parse::<syn::Ident>()?;
            input.parse::<Token![;]>()?;
        }
        let mut arms = Vec::new();
        while !input.is_empty() {
            arms.push(input.parse()?);
        }
        Ok(Select { arms })
    }
}

impl Parse for SelectArm {
    fn parse(input: ParseStream<'_>) -> syn::Result<SelectArm> {
        let ahead = input.fork();
        // `complete` and `default` are those of `futures`.
        let is_word = ahead.parse::<Option<Token![else]>>()?.is_some() || ahead.parse::<syn::Ident>().is_ok();
        let mut condition = None;
        let waits = if is_word && ahead.peek(Token![=>]) {
            input.parse::<proc_macro2::TokenTree>()?;
            None
        } else {
            let pat = Pat::parse_multi_with_leading_vert(input)?;
            input.parse::<Token![=]>()?;
            let expr = input.parse()?;
            if input.parse::<Option<Token![,]>>()?.is_some() {
                input.parse::<Token![if]>()?;
                condition = Some(input.parse()?);
            }
            Some((pat, expr))
        };
        input.parse::<Token![=>]>()?;
        let then = if input.peek(syn::token::Brace) { Expr::Block(input.parse()?) } else { input.parse()? };
        if !input.is_empty() {
            input.parse::<Option<Token![,]>>()?;
        }
        Ok(SelectArm { waits, condition, then })
    }
}
