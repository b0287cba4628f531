use super::*;

fn read(text: &str) -> (Option<Value>, Problems) {
    let mut problems = Problems::new(Source::new("a.yml", text));
    let value = parse(&mut problems);
    (value, problems)
}

fn sound(text: &str) -> Value {
    let (value, problems) = read(text);
    assert!(problems.list.is_empty(), "{problems}");
    value.unwrap()
}

fn first(text: &str) -> String {
    let (_, problems) = read(text);
    let problem = problems.list.first().expect("a problem");
    let (line, column) = problems.position(problem).unwrap();
    format!("{line}:{column}: {}", problem.message)
}

// A tree as one line: quoted text in quotes, so that guesses would be seen.
fn short(value: &Value) -> String {
    match &value.kind {
        Kind::Scalar { text, plain: true } => text.clone(),
        Kind::Scalar { text, plain: false } => format!("{text:?}"),
        Kind::Seq(items) => format!("[{}]", items.iter().map(short).collect::<Vec<_>>().join(", ")),
        Kind::Map(entries) => {
            let entries: Vec<_> =
                entries.iter().map(|entry| format!("{}: {}", entry.key.text, short(&entry.value))).collect();
            format!("{{{}}}", entries.join(", "))
        }
    }
}

#[test]
fn scalars_stay_as_they_were_written() {
    for (text, tree) in [
        ("a: on\nb: 0x10\nc: 1_000\nd: 'on'\ne: 256MB", r#"{a: on, b: 0x10, c: 1_000, d: "on", e: 256MB}"#),
        ("- 1.10\n- \"x\\ty\"\n- |\n  l1\n  l2\n", r#"[1.10, "x\ty", "l1\nl2\n"]"#),
        ("{a: [x, {b: c}], d: }", "{a: [x, {b: c}], d: ~}"),
        ("a: !!str 5\nb: !!int 5", "{a: \"5\", b: 5}"),
        ("\u{feff}a: b\r\nc: d\r\n", "{a: b, c: d}"),
        ("ip: 2001:db8::1", "{ip: 2001:db8::1}"),
        ("# nothing\n", ""),
        ("", ""),
    ] {
        assert_eq!(short(&sound(text)), tree, "{text}");
    }
}

#[test]
fn merge_keys_fill_in_what_is_not_written() {
    let text =
        "base: &b {x: 1, y: 2}\nmore: &m {y: 3, z: 4}\none: {<<: *b, y: 9}\ntwo:\n  <<: [*b, *m]\n  x: 0\nthree: *b";
    let tree = sound(text);
    let part = |key| short(&tree.get(key).unwrap().value);
    assert_eq!(part("one"), "{y: 9, x: 1}");
    assert_eq!(part("two"), "{x: 0, y: 2, z: 4}");
    assert_eq!(part("three"), "{x: 1, y: 2}");
}

#[test]
fn spans_are_the_bytes_of_the_text() {
    let text = "é: wörld\nlist:\n  - {k: 'v'}\n";
    let tree = sound(text);
    let source = Source::new("a", text);
    let world = tree.get("é").unwrap();
    assert_eq!(source.slice(world.key.span), "é");
    assert_eq!(source.slice(world.value.span), "wörld");
    assert_eq!(source.position(world.value.span.start), (1, 4));
    let Kind::Seq(items) = &tree.get("list").unwrap().value.kind else { panic!("no list") };
    let quoted = items[0].get("k").unwrap();
    assert_eq!(source.slice(quoted.value.span), "'v'");
    assert_eq!(source.position(quoted.value.span.start), (3, 9));
}

#[test]
fn bad_texts_are_refused_where_they_are_bad() {
    for (text, expected) in [
        ("a: 1\nb: 2\na: 3\n", "3:1: key `a` is here a second time"),
        ("a:\n\tb: 1\n", "2:1: a tab cannot indent in YAML"),
        ("a:\n  b: 1\n\tc: 1\n", "3:1: a tab cannot indent in YAML"),
        ("a: 1\n---\nb: 2\n", "2:1: a second document begins here; one file is one document"),
        ("a: *nothing\n", "1:4: no anchor has the name of this alias"),
        ("a: &x [*x]\n", "1:8: this alias stands inside of what it names"),
        ("a: 'b\n", "1:4: this quote is never closed"),
        ("a: [b\n", "1:4: this bracket is never closed"),
        ("a: b: c\n", "1:5: a `:` is not expected here"),
        ("a: !vault x\n", "1:11: tag `!vault` means nothing here"),
        ("<<: 5\n", "1:5: `<<` takes a map to merge, not text"),
        ("{a: 1}: 2\n", "1:2: a key must be text, not a map of keys"),
        ("a: \"x\\0\"\n", "1:4: a NUL character cannot be part of a text"),
    ] {
        assert_eq!(first(text), expected, "{text}");
    }
}

#[test]
fn all_duplicates_are_found_and_the_first_value_stays() {
    let (value, problems) = read("a: 1\na: 2\nb: {c: 1, c: 2, c: 3}\n");
    assert_eq!(problems.list.len(), 3);
    assert_eq!(short(&value.unwrap()), "{a: 1, b: {c: 1}}");
}

#[test]
fn bombs_cost_nothing() {
    let line = |level: usize, open: &str, width: usize, close: &str| {
        let below = vec![format!("*a{}", level - 1); width].join(", ");
        format!("a{level}: &a{level} {open}{below}{close}\n")
    };
    let wide: String = (1..20).map(|level| line(level, "[", 10, "]")).collect();
    let tower: String = (1..1000).map(|level| line(level, "[[[", 1, "]]]")).collect();
    let (wide, tower) = (format!("a0: &a0 [x]\n{wide}"), format!("a0: &a0 [x]\n{tower}"));
    assert!(first(&wide).ends_with("with its aliases written out this file has more than 100000 values"));
    assert!(first(&tower).ends_with("nested too deep"));
    assert!(first(&"[".repeat(500_000)).ends_with("nested too deep"));
    assert!(first(&"x: {".repeat(200_000)).ends_with("nested too deep"));
}

#[test]
fn every_question_without_an_answer_is_one_problem() {
    let text = "port: 70000\nflag: maybe\ntime: 10\nmode: stict\nlist: x\nmap: [a]\nnone:\nmany: [a, {b: c}]\nodd: 1\n";
    let (value, mut problems) = read(text);
    let value = value.unwrap();
    let fields = Item::root(&value).map(&mut problems).unwrap();
    let longest = std::time::Duration::from_secs(600);
    let get = |key| fields.get(key).unwrap();
    assert_eq!(get("port").number(1..=65_535, &mut problems), None);
    assert_eq!(get("flag").boolean(&mut problems), None);
    assert_eq!(get("time").duration(longest, &mut problems), None);
    assert_eq!(get("mode").choice(&[("strict", 1), ("ask", 2)], &mut problems), None);
    assert!(get("list").list(&mut problems).is_none());
    assert!(get("map").map(&mut problems).is_none());
    assert_eq!(get("none").line(&mut problems), None);
    assert_eq!(get("many").lines(&mut problems), Some(vec!["a"]));
    assert!(fields.required("host", &mut problems).is_none());
    fields.only(&["port", "flag", "time", "mode", "list", "map", "none", "many", "add"], &mut problems);
    let said: Vec<&str> = problems.list.iter().map(|problem| problem.message.as_str()).collect();
    assert_eq!(
        said,
        [
            "`port` must be a whole number from 1 to 65535, not `70000`",
            "`flag` must be `true` or `false`, not `maybe`",
            "`time` must be a time with its unit, such as `500ms`, `10s` or `2m`, not `10`",
            "`mode` must be `strict` or `ask`, not `stict`",
            "`list` must be a list: lines that begin with `- `, or `[a, b]`, not `x`",
            "`map` must be a map of `key: value` lines, not a list",
            "`none` has no value; it must be text",
            "an entry of `many` must be text, not a map of keys",
            "the file has no `host`",
            "unknown key `odd` at the top of the file",
        ]
    );
}

#[test]
fn problems_show_the_line_and_what_to_do() {
    let (_, problems) = read("first: 1\nother: 2\nthird: 3\nfourth: 4\nfirst: 5\n");
    assert_eq!(
        problems.to_string(),
        "\
error: key `first` is here a second time
 --> a.yml:5:1
  |
1 | first: 1
  | ----- first here
...
5 | first: 5
  | ^^^^^
  |
  = help: keep one of the two
"
    );
}
