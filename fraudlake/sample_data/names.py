"""Names of people: several scripts for everyone, long and distinct ones for the blacklist."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

GIVEN_NAMES = {
    "english": "James Mary Robert Linda Aisling Owen Chloë Zoë Daniel Grace Siobhán Priya Noah",
    "german": "Jürgen Anja Björn Käthe Lukas Sabine Günther Ute Matthias Heike Sören Mia Jörg Änne",
    "french": "François Élodie Jérôme Amélie Noël Chantal Benoît Inès Loïc Margaux Étienne Zoé",
    "spanish": "José María Íñigo Lucía Andrés Begoña Álvaro Inés Raúl Concepción Martín Noelia",
    "greek": "Γιώργος Μαρία Νίκος Ελένη Δημήτρης Κατερίνα Ιωάννης Σοφία Παύλος Άννα",
    "japanese": "太郎 花子 健一 美咲 翔太 陽菜 大輔 さくら 直樹 由美",
    "nordic": "Åsa Bjørn Søren Ingrid Øyvind Maja Ærik Sigrid Jørgen Linnéa Håkan Tove",
    "polish": "Łukasz Małgorzata Paweł Zofia Michał Agnieszka Wojciech Świętosława Józef Żaneta",
    "czech": "Jiří Božena Tomáš Kateřina Zdeněk Růžena Ondřej Šárka Matěj Lenka",
    "arabic": "محمد فاطمة أحمد ليلى يوسف مريم عمر نور خالد سلمى",
}
FAMILY_NAMES = {
    "english": "Smith O'Brien Taylor Okafor Patel Johnson Walker-Hughes Murphy Clarke Nguyen",
    "german": "Müller Schäfer Groß Weiß Bäcker Köhler Vogt Krüger Löwe Straußberg Fuchs Jäger",
    "french": "Lefèvre Dupré Gauthier Beaulieu D'Amboise Côté Bélanger Moreau Château Lemaître",
    "spanish": "Muñoz Ibáñez García Peña Gutiérrez Núñez Rodríguez Zúñiga López Cañizares",
    "greek": "Παπαδόπουλος Γεωργίου Νικολάου Αντωνίου Δημητρίου Ιωάννου Βασιλείου",
    "japanese": "佐藤 鈴木 高橋 田中 渡辺 伊藤 山本 中村 小林 加藤",
    "nordic": "Ødegård Åkesson Sørensen Lindqvist Bjørnstad Kjær Holmström Nygård Thorvaldsen",
    "polish": "Wiśniewski Wójcik Kamińska Zając Dąbrowski Łączyńska Król Źrebiec Kowalczyk",
    "czech": "Novák Dvořák Černý Procházka Kučera Veselý Horáček Němec Šťastný",
    "arabic": "الخطيب حداد منصور الشامي نجار العلي قاسم البغدادي",
}

# Every two of these syllables differ, and no ordinary name uses them.
SYLLABLES = [
    "bar",
    "cul",
    "dos",
    "fen",
    "gim",
    "hov",
    "jax",
    "kep",
    "lun",
    "mir",
    "nod",
    "pyt",
    "qua",
    "ros",
    "syv",
    "tum",
    "vex",
    "wil",
    "zab",
]
LISTED_GIVEN = [
    "Évariste",
    "Oluwaseun",
    "Ignatius",
    "Ángelica",
    "Ottokar",
    "Éléonore",
    "Umberto",
    "Adélaïde",
    "Aurélien",
]
LISTED_MIDDLE = ["Maximilian", "Theodora", "Cornelius", "Philippa", "Leopoldine", "Hieronymus"]


def draw_names(rng: np.random.Generator, tables: list[str]) -> list[str]:
    """One everyday full name per table name given (a key of `GIVEN_NAMES`)."""
    draws = rng.random((len(tables), 2))
    given = {key: text.split() for key, text in GIVEN_NAMES.items()}
    family = {key: text.split() for key, text in FAMILY_NAMES.items()}
    return [
        f"{_pick(given[table], first)} {_pick(family[table], last)}"
        for table, (first, last) in zip(tables, draws.tolist(), strict=True)
    ]


def make_listed_name(number: int) -> str:
    """A name of three tokens and at least 24 letters that no other number comes close to.

    The last syllable is a check on the others, so two family names differ in at least two
    places: under 0.95 alike, even where all the rest is equal.
    """
    base = len(SYLLABLES)
    parts = [number % base, number // base % base, number // base**2 % base]
    family = "".join(SYLLABLES[part] for part in [*parts, sum(parts) % base])
    given = LISTED_GIVEN[number % len(LISTED_GIVEN)]
    middle = LISTED_MIDDLE[number % len(LISTED_MIDDLE)]
    return f"{given} {middle} {family.capitalize()}"


def misspell(name: str) -> str:
    """The name with one wrong letter inside its last word, where it moves no token."""
    return f"{name[:-2]}{'e' if name[-2] != 'e' else 'o'}{name[-1]}"


def disguise(name: str) -> str:
    """The same name with other letter case, plain vowels and its words the other way round."""
    plain = str.maketrans("ÉÁéáèïë", "EAeaeie")
    return ", ".join(reversed(name.translate(plain).upper().split()))


def _pick(options: list[str], share: float) -> str:
    return options[int(share * len(options))]
