"""Each tool through a real client: once for good, and with bad input, over standard input and over HTTP."""

from typing import Any

import pytest

from coq_checker.toolchain import Toolchain

from .hosts import Host, text_of

SNOC = {"project": "examples", "theorem": "rev_snoc"}
ADD_0 = {"statement": "Lemma add_0 (n : nat) : n + 0 = n.", "context": "Require Import Arith Lia."}


def test_the_tools_say_what_they_take_answer_and_do(host: Host) -> None:
    tools = host.tools()
    names = "list_projects list_theorems list_toolchains check_proof run_tactics search retrieve prove fill"
    assert list(tools) == names.split()
    for tool in tools.values():
        assert len(tool.description) > 80 and "\n" not in tool.description
        assert tool.annotations.read_only_hint and not tool.annotations.open_world_hint
        assert tool.output_schema["type"] == "object"
        assert tool.input_schema["additionalProperties"] is False
    assert tools["search"].input_schema["required"] == ["command"]
    assert tools["check_proof"].input_schema["properties"]["proof"]["maxLength"] == 256 << 10
    assert "run_tactics" in (host.client.instructions or "")
    assert host.client.server_info is not None and host.client.server_info.name == "palmetto"


class TestCatalogue:
    def test_projects(self, host: Host) -> None:
        (one,) = host.ok("list_projects")["projects"]
        assert one["name"] == "examples" and "Arith.v" in one["files"] and one["file_count"] == len(one["files"])
        assert host.ok("list_projects", contains="nothing of that name")["projects"] == []

    def test_toolchains(self, host: Host, each_toolchain: Toolchain) -> None:
        (one,) = (one for one in host.ok("list_toolchains")["toolchains"] if one["name"] == each_toolchain.name)
        assert (one["coq_version"], one["state"], one["problem"]) == (each_toolchain.coq_version, "ready", "")
        (project,) = host.ok("list_projects")["projects"]
        (default,) = (one["name"] for one in host.ok("list_toolchains")["toolchains"] if one["is_default"])
        assert project["toolchain"] == default and "default" in project["toolchain_why"]

    def test_a_filter_finds_names_and_statements(self, host: Host) -> None:
        found = host.ok("list_theorems", project="examples", file="ListFacts.v", contains="SNOC")["theorems"]
        assert {"snoc_app", "length_snoc", "last_snoc", "rev_snoc"} <= {one["name"] for one in found}
        (one,) = (one for one in found if one["name"] == "snoc_app")
        assert one["statement"] == "Lemma snoc_app (l : list A) (x : A) : snoc l x = l ++ [x]."

    def test_pages_hold_each_theorem_once(self, host: Host) -> None:
        whole = host.ok("list_theorems", project="examples", limit=200)
        assert whole["next_cursor"] == ""
        pages, cursor = [], ""
        while True:
            page = host.ok("list_theorems", project="examples", limit=7, cursor=cursor)
            pages += page["theorems"]
            cursor = page["next_cursor"]
            if not cursor:
                break
        assert pages == whole["theorems"]

    def test_bad_input(self, host: Host) -> None:
        assert "'nope'" in host.error("list_theorems", project="nope")
        assert "cursor" in host.error("list_theorems", project="examples", cursor="-1")
        assert "`limit`" in host.error("list_theorems", project="examples", limit=0)
        assert host.error("list_theorems") == "`project` is missing."
        assert (
            host.error("list_projects", contain="x")
            == "`list_projects` has no argument 'contain': is `contains` meant?"
        )


class TestCheckProof:
    def test_a_theorem_of_a_project(self, host: Host) -> None:
        done = host.ok("check_proof", proof="rewrite snoc_app. now rewrite rev_app_distr.", **SNOC)
        assert (done["verdict"], done["axioms"], done["message"]) == ("PROVED", [], "")
        assert done["cpu_s"] > 0

    def test_a_statement_of_ones_own(self, host: Host) -> None:
        assert host.ok("check_proof", proof="Proof. lia. Qed.", **ADD_0)["verdict"] == "PROVED"
        script = "Lemma helper (n : nat) : n + 0 = n. lia. Qed.\nLemma add_0 (n : nat) : n + 0 = n. apply helper. Qed."
        assert host.ok("check_proof", script=script, **ADD_0)["verdict"] == "PROVED"

    def test_with_another_toolchain(self, host: Host, each_toolchain: Toolchain) -> None:
        name = {"toolchain": each_toolchain.name}
        done = host.ok("check_proof", proof="induction n; simpl; auto.", statement=ADD_0["statement"], **name)
        assert done["verdict"] == "PROVED"
        assert (done["toolchain"], done["coq_version"]) == (each_toolchain.name, each_toolchain.coq_version)
        ran = host.ok("run_tactics", tactics=["intros."], statement="Lemma t : True.", **name)
        assert ran["goals"][0]["conclusion"] == "True"
        (found,) = host.ok("search", command="Check Nat.add.", **name)["results"]
        assert found.split() == ["Nat.add", ":", "nat", "->", "nat", "->", "nat"]
        assert "ListToolchains" in host.error("check_proof", proof="auto.", **SNOC, toolchain="coq-7.4")

    def test_existential_variables(self, host: Host) -> None:
        statement = "Lemma t : exists n, n = 0 /\\ 1 = 1."
        ran = host.ok("run_tactics", tactics=["eexists.", "split.", "2: admit."], statement=statement)
        assert [goal["existentials"] for goal in ran["goals"]] == [["?n : nat"]]
        assert [goal["conclusion"] for goal in ran["shelf"]] == ["nat"]
        assert [goal["conclusion"] for goal in ran["given_up"]] == ["1 = 1"]
        done = host.ok("check_proof", proof="eexists. fail.", statement=statement)
        assert [goal["conclusion"] for goal in done["shelf"]] == ["nat"]

    def test_a_proof_that_fails_is_an_answer(self, host: Host) -> None:
        done = host.ok("check_proof", proof="rewrite snoc_app. foo.", **SNOC)
        assert (done["verdict"], done["reason"], done["sentence"]) == ("FAILED", "tactic", "foo.")
        assert (done["start_byte"], done["end_byte"]) == (18, 22)
        assert done["goals"][0]["conclusion"] == "rev (l ++ [x]) = x :: rev l"
        assert "l : list A" in done["goals"][0]["hypotheses"]

    def test_what_may_not_be_done(self, host: Host) -> None:
        for proof, verdict in (('Load "x".', "REJECTED"), ("admit.", "INCOMPLETE"), ("Admitted.", "INCOMPLETE")):
            assert host.ok("check_proof", proof=proof, **SNOC)["verdict"] == verdict
        known = {"project": "examples", "theorem": "peirce"}
        proof = "intros t. destruct (classic P) as [p | n]; [exact p | apply t; intros p; contradiction]."
        done = host.ok("check_proof", proof=proof, **known)
        assert done["verdict"] == "PROVED" and any("classic" in axiom for axiom in done["axioms"])
        assert host.ok("check_proof", proof=proof, allowed_axioms=[], **known)["verdict"] == "REJECTED"

    def test_what_the_kernel_may_be_wrong_about(self, host: Host) -> None:
        # The kernel computes the argument of the call.
        loose = "exact ((fix f (n : nat) := match n with O => 0 | S k => f (Nat.pred (S k)) end) 3)."
        target = {"statement": "Lemma t : nat."}
        done = host.ok("check_proof", proof=loose, **target)
        assert (done["verdict"], done["reason"]) == ("REJECTED", "forbidden_feature")
        assert "fixpoint_not_strict" in done["message"] and "Prove it another way: " in done["message"]
        assert "fixpoint_not_strict" in done["features"] and done["features_known"]
        assert host.ok("check_proof", proof=loose, soundness="strict", **target) | {"cpu_s": 0} == done | {"cpu_s": 0}
        told = host.ok("check_proof", proof=loose, soundness="report", **target)
        assert (told["verdict"], told["reason"], told["message"]) == ("PROVED", "", "")
        assert (told["features"], told["known_bugs"]) == (done["features"], done["known_bugs"])
        ran = host.ok("run_tactics", tactics=[loose, "Qed."], **target)
        assert ran["status"] == "failed" and "fixpoint_not_strict" in ran["features"]
        assert ran["failed"]["reason"] == "forbidden_feature" and "another way" in ran["failed"]["message"]
        ran = host.ok("run_tactics", tactics=[loose, "Qed."], soundness="report", **target)
        assert ran["status"] == "proved" and "fixpoint_not_strict" in ran["features"] and ran["features_known"]
        assert "soundness" in host.error("check_proof", proof=loose, soundness="lax", **target)

    def test_a_limit_on_what_it_takes(self, host: Host) -> None:
        done = host.ok("check_proof", proof="do 1000000000 (try fail).", cpu_s=0.3, **SNOC)
        assert done["verdict"] == "TIMEOUT"

    @pytest.mark.parametrize(
        ("arguments", "word"),
        [
            ({**SNOC}, "`script`"),
            ({**SNOC, "proof": "a.", "script": "b."}, "`script`"),
            ({"proof": "auto."}, "`statement`"),
            ({"proof": "auto.", **SNOC, "statement": "Lemma a : True."}, "not both"),
            ({"proof": "auto.", "theorem": "rev_snoc"}, "list_projects"),
            ({"proof": "auto.", **SNOC, "context": "Require Import List."}, "`context`"),
            ({"proof": "auto.", **SNOC, "index": 1}, "`file`"),
            ({"proof": "auto.", "project": "examples", "theorem": "nope"}, "nope"),
            ({"proof": "auto.", "statement": "Lemma a : Nope."}, "Nope"),
            ({"proof": "auto.", "statement": "Lemma a : True.", "context": "Require Import Nope."}, "Nope"),
            ({"proof": "auto.\0", **SNOC}, "NUL"),
            ({"proof": "x" * ((256 << 10) + 1), **SNOC}, "`proof`"),
            ({"proof": ["auto."], **SNOC}, "`proof`"),
            ({"proof": "auto.", **SNOC, "cpu_s": 1e9}, "`cpu_s`"),
            ({"proof": "auto.", **SNOC, "prelude": "Require Import Classical."}, "prelude"),
        ],
    )
    def test_bad_input(self, over_stdio: Host, arguments: dict[str, Any], word: str) -> None:
        assert word in over_stdio.error("check_proof", **arguments)


class TestRunTactics:
    def test_the_first_goal(self, host: Host) -> None:
        done = host.ok("run_tactics", tactics=[], **SNOC)
        assert (done["status"], done["goal_count"]) == ("open", 1)
        assert done["goals"][0]["conclusion"] == "rev (snoc l x) = x :: rev l"

    def test_goals_after_each_and_the_one_that_fails(self, host: Host) -> None:
        tactics = ["rewrite snoc_app", "destruct l as [| y l].", "- reflexivity.", "- foo."]
        done = host.ok("run_tactics", tactics=tactics, **SNOC)
        assert done["status"] == "failed"
        assert [(one["number"], one["goal_count"], one["unfocused_count"]) for one in done["steps"]] == [
            (-1, 1, 0),
            (0, 1, 0),
            (1, 2, 0),
            (2, 0, 1),
        ]
        assert done["steps"][1]["goal"]["conclusion"] == "rev (l ++ [x]) = x :: rev l"
        assert (done["failed"]["number"], done["failed"]["sentence"]) == (3, "foo.")
        assert "foo" in done["failed"]["message"]
        assert "y : A" in done["goals"][0]["hypotheses"]

    def test_it_is_gone_on_from_and_back(self, host: Host) -> None:
        first = host.ok("run_tactics", tactics=["rewrite snoc_app."], **SNOC)
        more = host.ok("run_tactics", tactics=["rewrite snoc_app.", "now rewrite rev_app_distr."], seen=1, **SNOC)
        assert (more["status"], more["goals"]) == ("no_goals_left", [])
        assert [one["number"] for one in more["steps"]] == [0, 1]
        again = host.ok("run_tactics", tactics=["rewrite snoc_app."], **SNOC)
        assert again == first
        ended = host.ok("run_tactics", tactics=["now rewrite snoc_app, rev_app_distr.", "Qed."], **SNOC)
        assert ended["status"] == "proved"

    def test_a_failure_among_those_that_were_seen(self, host: Host) -> None:
        done = host.ok("run_tactics", tactics=["rewrite snoc_app.", "foo. bar.", "auto."], seen=3, **SNOC)
        assert (done["failed"]["number"], done["failed"]["sentence"]) == (1, "foo.")

    def test_one_that_gives_up_or_is_forbidden_fails(self, host: Host) -> None:
        done = host.ok("run_tactics", tactics=["auto.", "Admitted."], **SNOC)
        assert (done["status"], done["failed"]["number"]) == ("failed", 1)
        done = host.ok("run_tactics", tactics=['Redirect "/tmp/x" Print nat.'], **SNOC)
        assert done["failed"]["reason"] == "forbidden_command"

    def test_bad_input(self, host: Host) -> None:
        assert "tactic 1" in host.error("run_tactics", tactics=["auto.", "auto (* and"], **SNOC)
        assert "tactic 0" in host.error("run_tactics", tactics=[" "], **SNOC)
        assert "tactic 0" in host.error("run_tactics", tactics=["(* nothing *)"], **SNOC)
        assert "`tactics`" in host.error("run_tactics", tactics=["auto."] * 501, **SNOC)
        assert "`tactics`" in host.error("run_tactics", tactics="auto.", **SNOC)


class TestSearch:
    def test_in_the_scope_of_a_theorem(self, host: Host) -> None:
        done = host.ok("search", command="Search snoc app", **SNOC)
        assert any(one.startswith("snoc_app:") for one in done["results"])
        done = host.ok("search", command="Print snoc.", **SNOC)
        assert "fix snoc" in done["results"][0]

    def test_in_a_context(self, host: Host) -> None:
        done = host.ok("search", command="Search (_ + 0 = _).", context="Require Import Arith.")
        assert done["results"] == ["Nat.add_0_r: forall n : nat, n + 0 = n"]

    def test_in_a_state(self, host: Host) -> None:
        done = host.ok("search", command="Check IH.", tactics=["induction n as [| n IH].", "- auto.", "- "], **ADD_0)
        assert "n + 0 = n" in done["results"][0]

    def test_much_is_cut(self, over_stdio: Host) -> None:
        done = over_stdio.ok("search", command="Search _.", limit=500, **SNOC)
        assert done["count"] > 3000 and len(done["results"]) <= 500
        assert sum(map(len, done["results"])) < 64 << 10

    def test_bad_input(self, host: Host) -> None:
        for command in (
            "Load x.",
            "Search rev. Load x.",
            'Redirect "x" Print nat.',
            "",
            "Search (* ",
            "Time Search x.",
        ):
            assert "one command of" in host.error("search", command=command, **SNOC)
        for command in ('Print Universes "/tmp/x".', 'Print (* *) Universes "/tmp/x".'):
            assert "Print" in host.error("search", command=command, **SNOC)
        assert "nope" in host.error("search", command="Check nope.", **SNOC)
        assert "foo" in host.error("search", command="Check nat.", tactics=["foo."], **SNOC)

    def test_a_sentence_that_never_ends_is_stopped(self, over_stdio: Host) -> None:
        said = over_stdio.error("search", command="Check ltac:(do 1000000000 (try fail); exact 0).", cpu_s=0.3, **SNOC)
        assert "CPU limit" in said


class TestRetrieve:
    def test_for_a_theorem(self, host: Host) -> None:
        done = host.ok("retrieve", limit=5, **SNOC)
        assert "snoc_app" in [one["short_name"] for one in done["premises"]]
        assert "snoc" in [one["short_name"] for one in done["definitions"]]
        assert 0 < len(done["proofs"]) <= 5 and done["tactics"] == []
        assert done["goal"]["conclusion"] == "rev (snoc l x) = x :: rev l"

    def test_for_the_goal_behind_tactics_of_a_statement(self, host: Host) -> None:
        done = host.ok("retrieve", kinds=["premises"], tactics=["intros.", "simpl."], **ADD_0)
        assert "Nat.add_0_r" in [one["short_name"] for one in done["premises"]]
        assert done["proofs"] == []
        done = host.ok("retrieve", kinds=["tactics"], tactics=["rewrite snoc_app."], limit=3, **SNOC)
        assert 0 < len(done["tactics"]) <= 3 and done["goal"]["conclusion"] == "rev (l ++ [x]) = x :: rev l"

    def test_with_another_toolchain_than_the_index(
        self, host: Host, toolchain: Toolchain, each_toolchain: Toolchain
    ) -> None:
        done = host.ok("retrieve", limit=1, **SNOC, toolchain=each_toolchain.name)
        remedy = f"`palmetto index examples --toolchain {each_toolchain.name}`"
        assert (remedy in done["note"]) == (each_toolchain.version[:2] != toolchain.version[:2]), done["note"]
        assert bool(done["note"]) == (remedy in done["note"])

    def test_bad_input(self, host: Host) -> None:
        assert "kinds" in host.error("retrieve", kinds=["lemmas"], **SNOC)
        assert "no goal" in host.error("retrieve", tactics=["lia."], **ADD_0)
        assert "foo" in host.error("retrieve", tactics=["foo."], **SNOC)
        assert "nope" in host.error("retrieve", project="examples", theorem="nope")


class TestProve:
    def test_a_theorem_of_a_project(self, host: Host) -> None:
        done = host.ok("prove", project="examples", theorem="snoc_app", budget_cpu_s=20)
        assert done["verdict"] == "PROVED" and done["script"].endswith("Qed.")
        checked = host.ok("check_proof", proof=done["script"], project="examples", theorem="snoc_app")
        assert checked["verdict"] == "PROVED"

    def test_one_that_cannot_be_proved_is_an_answer(self, host: Host) -> None:
        done = host.ok("prove", statement="Lemma no : 1 = 2.", budget_cpu_s=2, samples=0)
        assert done["verdict"] in ("NOT_PROVED", "TIMEOUT") and done["script"] == "" and done["message"]

    def test_bad_input(self, host: Host) -> None:
        assert "nope" in host.error("prove", project="examples", theorem="nope")
        assert "`statement`" in host.error("prove")
        assert "`samples`" in host.error("prove", samples=65, **SNOC)
        assert "Nope" in host.error("prove", statement="Lemma a : Nope.")


class TestFill:
    def test_a_text(self, host: Host) -> None:
        text = "Lemma a (n : nat) : n + 0 = n.\nAdmitted.\n\nLemma é : 1 = 2.\nAdmitted.\n"
        # Preparing Coq and its tools is paid out of the budget: half a CPU second, and more on a busy machine.
        done = host.ok("fill", text=text, budget_cpu_s=4, samples=0)
        assert (done["filled"], done["places"]) == (1, 2)
        good, bad = done["theorems"]
        assert (good["theorem"], good["verdict"], bad["theorem"], bad["edits"]) == ("a", "PROVED", "é", [])
        (edit,) = good["edits"]
        source = text.encode()
        edited = source[: edit["start_byte"]] + edit["new_text"].encode() + source[edit["end_byte"] :]
        assert edited.decode() == done["text"]

    def test_bad_input(self, host: Host) -> None:
        assert "`text`" in host.error("fill", text="")
        assert "nope" in host.error("fill", text="Lemma a : True. Admitted.", project="nope")


def test_unknown_tools_and_no_arguments(host: Host) -> None:
    assert "list_projects" in host.error("nope")
    assert host.error("search") == "`command` is missing."


def test_calls_at_one_time(host: Host) -> None:
    """A quick one does not wait for a slow one, and neither gets the other's answer."""
    slow = {"proof": "do 1000000000 (try fail).", "cpu_s": 1.0, **SNOC}
    first, second = host.together(("check_proof", slow), ("run_tactics", {"tactics": [], **ADD_0}))
    assert first.structured_content is not None and first.structured_content["verdict"] == "TIMEOUT"
    assert second.structured_content is not None and second.structured_content["status"] == "open"


def test_too_many_calls_are_refused_in_a_sentence(over_stdio: Host) -> None:
    slow = {"proof": "do 1000000000 (try fail).", "cpu_s": 0.05, **SNOC}
    done = over_stdio.together(*[("check_proof", slow)] * 20)
    refused = [text_of(one) for one in done if one.is_error]
    assert refused == ["16 calls are under way, which is the most: wait for one to end."] * 4
