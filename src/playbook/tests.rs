use std::path::Path;
use std::sync::Arc;

use super::load::load;
use super::quoting::objections;
use super::scan::pieces;
use super::template::{Print, Template};
use super::*;
use crate::plan::{Var, Vars};
use crate::yaml::Source;

fn first_objection(template: &str) -> String {
    objections(template).first().map_or_else(|| "fine".to_owned(), |objection| objection.message.clone())
}

#[test]
fn the_playbooks_that_are_compiled_in_load_and_are_all_of_the_folder() {
    if let Err(faults) = Library::builtin() {
        panic!("{faults}");
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("playbooks");
    let mut found = Vec::new();
    for service in std::fs::read_dir(&root).unwrap() {
        let service = service.unwrap().path();
        if !service.is_dir() {
            continue;
        }
        for file in std::fs::read_dir(&service).unwrap() {
            let path = file.unwrap().path();
            found.push(path.strip_prefix(&root).unwrap().to_string_lossy().into_owned());
        }
    }
    found.sort();
    let compiled: Vec<&str> = builtin::FILES.iter().map(|(path, _)| *path).collect();
    assert_eq!(compiled, found);
}

#[test]
fn a_value_outside_of_quotes_is_fine() {
    for template in [
        "echo {{ x }}",
        "a={{ x }}; echo \"$a\"",
        "echo 'it' {{ x }} \"and\" {{ x }}",
        "a=$(cat {{ x }})",
        "a=$(cat $(echo {{ x }}))",
        "a=\"$(date)\" b={{ x }}",
        "echo \"${a:-\"b\"}\" {{ x }}",
        "echo a#b {{ x }}",
        "echo $# {{ x }}",
        "# a comment\necho {{ x }}",
        "echo # it's a comment\necho {{ x }}",
        "cat <<END\n$(it's \"text)\nEND\necho {{ x }}",
        "cat <<-'AB'\n\ttext\n\tAB\necho {{ x }}",
        "echo $((1 + (2 * 3))) {{ x }}",
        "case $a in b) echo {{ x }} ;; esac",
        "echo \\\" {{ x }}",
        "echo '\\' {{ x }}",
        "echo \"\\\\\" {{ x }}",
        "echo `date` {{ x }}",
        "{% if x %}echo 'a'\n{% else %}\necho \"b\"\n{% endif %}\necho {{ x }}",
        "for i in {{ x }}; do a=$(echo \"$i\" | sed 's/\"/x/'); done\n{{ x }}",
        "{{ \"it's\" }} {{ x }}",
        "[ \"$a\" = {{ x }}/b ] && f {{ x }}={{ x }}",
    ] {
        assert_eq!(first_objection(template), "fine", "{template}");
    }
}

#[test]
fn a_value_where_quoting_does_not_protect_is_refused() {
    for (template, place) in [
        ("echo '{{ x }}'", "inside '..' quotes"),
        ("echo \"{{ x }}\"", "inside \"..\" quotes"),
        ("echo \"$(cat {{ x }})\"", "inside \"..\" quotes"),
        ("echo \"a $(cat \"b\" {{ x }})\"", "inside \"..\" quotes"),
        ("echo `cat {{ x }}`", "inside backticks"),
        ("echo \"a\" '\"' \"{{ x }}\"", "inside \"..\" quotes"),
        ("echo $(({{ x }} + 1))", "inside `$(( ))`"),
        ("echo $((1 + (2 * {{ x }})))", "inside `$(( ))`"),
        ("echo ${a:-{{ x }} }", "inside `${ }`"),
        ("# {{ x }}", "in a comment"),
        ("echo a # {{ x }}", "in a comment"),
        ("a=$( # it is\necho) ; echo # {{ x }}", "in a comment"),
        ("cat <<END\n{{ x }}\nEND\n", "in a here-document"),
        ("cat <<'END' | tr a b\n{{ x }}\nEND\n", "in a here-document"),
        ("cat <<-END\n\tx\n END\n\t{{ x }}\n\tEND\n", "in a here-document"),
        ("cat <<A; cat <<B\na\nA\n{{ x }}\nB\n", "in a here-document"),
        ("cat <<{{ x }}\n", "after `<<`"),
        ("echo \\{{ x }}", "after a backslash"),
        ("echo ${{ x }}", "after a `$`"),
        ("a=$(case $b in c) d ;; esac; echo {{ x }})", "after a `case` inside `$( )`, whose `)` cannot be told apart"),
        ("echo $'a' {{ x }}", "after `$'..'`, which is not POSIX"),
        ("cat <<<a {{ x }}", "after `<<<`, which is not POSIX"),
        ("echo \"${a#'}'}\" {{ x }}", "after a `'` inside \"${ }\", which shells read differently"),
        ("echo $((1 + '2')) {{ x }}", "after quotes inside `$(( ))`"),
        ("{% if a %}b{% endif %}#'\n{{ x }}", "after a `#` or `(` whose meaning a tag before it decides"),
    ] {
        let expected = format!("`{{{{ x }}}}` stands {place}, where quoting does not protect");
        assert_eq!(first_objection(template), expected, "{template}");
    }
}

#[test]
fn tags_that_would_change_what_the_shell_reads_are_refused() {
    for (template, message) in [
        ("echo \"{% if a %}b{% endif %}\"", "`{% if a %}` stands inside \"..\" quotes"),
        ("{% if a %}echo 'x{% endif %}'", "`{% endif %}` stands inside '..' quotes"),
        (
            "{% if a %}b=$(c{% else %}d{% endif %})",
            "`{% else %}` comes while a `$(` or quote of its branch is still open",
        ),
        ("{% set a = 1 %}", "`{% set %}` is not one of the block tags of a playbook"),
        ("{% raw %}'{% endraw %}", "`{% raw %}` is not one of the block tags of a playbook"),
        ("a # b\n{{- x }}", "a tag with `-` would take away white space that the shell needs"),
        ("echo ${#a}", "`{#` begins a comment of the template"),
        ("echo ${#a} {# b #}", "`{#` begins a comment of the template, after a `$`"),
        ("echo 'a", "a quote, `$(`, `${` or here-document is still open at the end of this script"),
        ("cat <<END\na\n", "a quote, `$(`, `${` or here-document is still open at the end of this script"),
    ] {
        assert_eq!(first_objection(template), message, "{template}");
    }
}

#[test]
fn a_template_is_cut_at_its_tags() {
    let cut: Vec<&str> = pieces("a{{ '}}' }}b{% if x %}{ }{# c #}{").iter().map(|piece| piece.text).collect();
    assert_eq!(cut, ["a", "{{ '}}' }}", "b", "{% if x %}", "{ }", "{# c #}", "{"]);
}

fn vars() -> Vars {
    [
        ("text", Var::Text("it's".to_owned())),
        ("list", Var::List(vec!["a b".to_owned(), "$c".to_owned()])),
        ("empty", Var::List(Vec::new())),
        ("number", Var::Number(3)),
        ("flag", Var::Flag(true)),
    ]
    .into_iter()
    .map(|(name, var)| (name.to_owned(), var))
    .collect()
}

fn printed(text: &str, print: Print) -> String {
    Template::new(text, print).unwrap().render(&vars()).unwrap_or_else(|complaint| format!("no: {}", complaint.why))
}

#[test]
fn words_are_quoted_where_they_are_printed() {
    for (template, words, raw) in [
        ("{{ text }}", r"'it'\''s'", "it's"),
        ("{{ list }}.", "'a b' '$c'.", "a b $c."),
        ("[{{ empty }}]", "[]", "[]"),
        ("{{ number }} {{ flag }}", "3 true", "3 true"),
        ("{{ text|safe }}", "it's", "it's"),
        ("{{ text ~ '/x y' }}", r"'it'\''s/x y'", "it's/x y"),
        ("{{ list[0] }} {{ list|length }}", "'a b' 2", "a b 2"),
        ("{% for x in list %}-{{ x }}{% endfor %}", "-'a b'-'$c'", "-a b-$c"),
        ("a\n  {% if flag %}\nb\n  {% else %}\nc\n{% endif %}\nd\n", "a\nb\nd\n", "a\nb\nd\n"),
        ("a {% if flag %}b{% endif %}\nc\n", "a b\nc\n", "a b\nc\n"),
        ("{{ nothing }}", "no: undefined value", "no: undefined value"),
        (
            "{{ 1 if number == 4 }}",
            "no: a value of kind undefined cannot be printed",
            "no: a value of kind undefined cannot be printed",
        ),
        ("{{ {'a': 1} }}", "no: a value of kind map cannot be printed", "no: a value of kind map cannot be printed"),
    ] {
        assert_eq!(printed(template, Print::Words), words, "{template}");
        assert_eq!(printed(template, Print::Raw), raw, "{template}");
    }
}

#[test]
fn a_complaint_names_the_line_as_it_is_written() {
    let text = "a\n  {% if flag %}\nb\n  {% endif %}\n{{ nothing }}\n";
    let complaint = Template::new(text, Print::Words).unwrap().render(&vars()).unwrap_err();
    assert_eq!(complaint.line, 5);
    assert_eq!(Template::new("a\n{{ }\n", Print::Words).unwrap_err().line, 2);
}

#[test]
fn an_end_is_believed_only_where_mark_and_exit_code_agree() {
    let failed = |part: &str, code| End::Failed { part: part.to_owned(), code };
    for (code, stdout, end) in [
        (Some(0), "a\n\nM changed\n", End::Changed),
        (Some(0), "M unchanged", End::Unchanged),
        (Some(0), "M passed\n", End::Passed),
        (Some(1), "x\n\nM failed verify 3\n", failed("verify", 3)),
        (Some(1), "\nM failed wait 124\n", failed("wait", 124)),
        (Some(1), "M changed\n", End::Unknown),
        (Some(0), "M failed script 1\n", End::Unknown),
        (None, "M changed\n", End::Unknown),
        (Some(0), "Mchanged\n", End::Unknown),
        (Some(0), "M done\n", End::Unknown),
        (Some(0), "", End::Unknown),
        (Some(0), "M unchanged\nM changed\n", End::Changed),
    ] {
        assert_eq!(read_end("M", code, stdout), end, "{stdout:?}");
    }
    assert_eq!(without_marks("M", "a\nb\n\nM changed\n"), "a\nb\n");
    assert_eq!(without_marks("M", "a\n\n\nM changed"), "a\n\n");
    assert!(is_mark("M", "M changed") && !is_mark("M", "Mx") && !is_mark("M", "x M changed"));
}

#[test]
fn problems_point_at_the_place_in_the_file() {
    let text = "doc: d\nvars: [x]\nsteps:\n  - id: a\n    doc: d\n    timeout: 1m\n    script: |\n\n      a\n        'b {{ x }}'\n    \
                verify: test {{ y }}\n    remedy: \"see {{ z }}\"\n";
    let (_, problems) = load(&Source::new("p.yml", text), &Arc::from(""), &[]);
    let places: Vec<_> =
        problems.list.iter().map(|problem| (problems.position(problem).unwrap(), problem.message.as_str())).collect();
    assert_eq!(
        places,
        [
            ((10, 12), "`{{ x }}` stands inside '..' quotes, where quoting does not protect"),
            ((11, 21), "`y` is not one of `vars`"),
            ((12, 21), "`z` is not one of `vars`"),
        ]
    );
}

fn own(text: &str, lib: &str) -> Result<Own, String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("motd.yml");
    std::fs::write(&file, text).unwrap();
    if !lib.is_empty() {
        std::fs::write(folder.path().join("lib.sh"), lib).unwrap();
    }
    Own::load(&file).map_err(|faults| faults.to_string().replace(&folder.path().display().to_string(), "."))
}

const MOTD: &str = "doc: greet\nvars: [greeting]\nsteps:\n  - id: a\n    doc: on {{ node }}\n    timeout: 1m\n    \
                    script: hail {{ greeting }} {{ address }}\n    verify: 'true'\n";

fn pairs(given: &[(&str, &str)]) -> Vec<(String, String)> {
    given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn a_playbook_of_ones_own_has_its_library_and_what_is_always_there() {
    let own = own(MOTD, "hail() { echo \"$@\"; }\n").unwrap();
    assert!(own.name() == "motd" && own.prints("address") && !own.prints("nodes"));
    let mut vars = own.given(&pairs(&[("greeting", "it's me")])).unwrap();
    vars.extend([("node", "n1"), ("address", "10.0.0.1")].map(|(n, v)| (n.to_owned(), Var::Text(v.to_owned()))));
    let id = crate::plan::TaskId::new("motd", &"n1".into());
    let files = std::collections::BTreeMap::new();
    let task = crate::plan::Task { id, service: None, vars, why: String::new(), files };
    let step = own.render(&task).unwrap().steps.remove(0);
    assert_eq!((step.doc.as_str(), step.script.as_str()), ("on n1", r"hail 'it'\''s me' 10.0.0.1"));
    assert_eq!(&*step.lib, "hail() { echo \"$@\"; }\n");
}

#[test]
fn what_is_given_must_be_declared_and_what_is_declared_must_be_given() {
    let own = own(MOTD, "").unwrap();
    let wrong = |given: &[(&str, &str)]| own.given(&pairs(given)).unwrap_err();
    let missing = |wrong: &[String]| {
        wrong.last().unwrap().ends_with("motd.yml:2:8: `greeting` is not given; add `-e greeting=..`")
    };
    assert!(missing(&wrong(&[])));
    let typo = wrong(&[("greting", "x")]);
    assert_eq!(typo[0], "`greting` is not one of the `vars` of `motd`; did you mean `greeting`?");
    assert!(typo.len() == 2 && missing(&typo));
    assert_eq!(
        wrong(&[("greeting", "x"), ("q", "x")]),
        ["`q` is not one of the `vars` of `motd`; they are `greeting`"]
    );
    assert_eq!(wrong(&[("greeting", "x"), ("greeting", "y")]), ["`greeting` is given twice"]);
    let inventory = "`node` cannot be given: it is what the inventory says of the node";
    assert_eq!(wrong(&[("greeting", "x"), ("node", "y")]), [inventory]);
    assert_eq!(own.given(&pairs(&[("greeting", "")])).unwrap()["greeting"], Var::Text(String::new()));
}

#[test]
fn a_playbook_of_ones_own_is_judged_with_its_place() {
    let wrong = own(&MOTD.replace("{{ address }}", "{{ adress }}").replace("[greeting]", "[greeting, node]"), "");
    let wrong = wrong.unwrap_err();
    for part in [
        "./motd.yml:2:18",
        "`node` is always there",
        "./motd.yml:7:36",
        "`adress` is not one of `vars`",
        "did you mean `address`?",
    ] {
        assert!(wrong.contains(part), "no `{part}` in\n{wrong}");
    }
    let wrong = own(&MOTD.replace("{{ address }}", "{{ zzz }}"), "").unwrap_err();
    assert!(wrong.contains("add it to `vars:`, and give it with `-e zzz=..`"), "{wrong}");
    assert!(own("", "").is_err());
    let wrong = Own::load(Path::new("/nowhere/motd.yml")).unwrap_err().to_string();
    assert!(wrong.contains("it does not exist"), "{wrong}");
}

#[test]
fn the_example_of_ones_own_playbook_is_one() {
    let own = Own::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("playbooks/example.yml"));
    let own = own.unwrap_or_else(|faults| panic!("{faults}"));
    assert!(own.name() == "example" && own.given(&pairs(&[("greeting", "hello")])).is_ok());
}
