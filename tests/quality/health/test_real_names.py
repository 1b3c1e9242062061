"""Names that artists and labels really give: no rule says a word."""

from __future__ import annotations

from datetime import date

import pytest

from musictool_core.quality.health import engine
from musictool_core.quality.health.catalogue import RULES
from musictool_core.quality.health.model import Standard

TRACKS = """
Âme | Rej | Rej EP
Ãme | Ø | Ø
Ø | Røgbølge | Tulkinta
Sunn O))) | Big Church [megszentségteleníthetetlenségeskedéseitekért] | Monoliths & Dimensions
Sunn O))) | Blood Swamp | Altar
MF DOOM | Doomsday | Operation: Doomsday
MF DOOM | ACCORDION | MADVILLAINY
deadmau5 | strobe | for lack of a better name
AC/DC | T.N.T. | High Voltage
AC/DC | BACK IN BLACK | BACK IN BLACK
!!! | Me and Giuliani Down by the School Yard (A True Story) | Louden Up Now
!!! | !!! | !!!
Youssou N'Dour | 7 Seconds | The Guide (Wommat)
Prince | 1999 | 1999
The The | This Is the Day | Soul Mining
The Who | Who Are You | Who Are You
? and the Mysterians | 96 Tears | 96 Tears
Tyler, The Creator | EARFQUAKE | IGOR
Tyler, the Creator | See You Again (feat. Kali Uchis) | Flower Boy
Billie Eilish | BIRDS OF A FEATHER | HIT ME HARD AND SOFT
Beyoncé | BREAK MY SOUL | RENAISSANCE
Kendrick Lamar | HUMBLE. | DAMN.
Rosalía | SAOKO | MOTOMAMI
Jay-Z | 99 Problems | The Black Album
Squarepusher | 4001 | Ultravisitor
Autechre | 32a_reflected | Move of Ten
Autechre | c16 deep tread | elseq 1
Aphex Twin | 4 | Richard D. James Album
Aphex Twin | ΔMᵢ⁻¹ = −∂ΣDᵢ[n][∑][F]ᵢⱼ[n-1] | Windowlicker
Aphex Twin | aisatsana [102] | Syro
Boards of Canada | 1969 | Geogaddi
Bon Iver | 10 d E A T h b R E a s T ⚄ ⚄ | 22, A Million
Bon Iver | 22 (OVER S∞∞N) | 22, A Million
Sigur Rós | Untitled #1 (Vaka) | ( )
Sigur Rós | Ágætis byrjun | Ágætis byrjun
Mötley Crüe | Kickstart My Heart | Dr. Feelgood
Motörhead | Ace of Spades | Ace of Spades
Queensrÿche | Silent Lucidity | Empire
Björk | Jóga | Homogenic
Ólafur Arnalds | Þú ert jörðin | Eulogy for Evolution
Røyksopp | Eple | Melody A.M.
Ásgeir | Nú hann blæs | Dýrð í dauðaþögn
Dvořák | Čtvrtá věta | Z nového světa
Кино | Группа крови | Группа крови
Земфира | Ариведерчи | Прости меня моя любовь
坂本龍一 | 戦場のメリークリスマス | Avec Piano
Perfume | チョコレイト・ディスコ | GAME
방탄소년단 | 피 땀 눈물 | WINGS
فيروز | نسم علينا الهوى | بنت الحارس
Ελένη Καραΐνδρου | Το Λιβάδι που Δακρύζει | Eternity and a Day
will.i.am | #thatPOWER | #willpower
k.d. lang | constant craving | ingénue
of montreal | wraith pinned to the mist and other games | the sunlandic twins
girl in red | we fell in love in october | chapter 2
boygenius | not strong enough | the record
Portugal. The Man | Feel It Still | Woodstock
P!nk | So What | Funhouse
Ke$ha | TiK ToK | Animal
*NSYNC | Bye Bye Bye | No Strings Attached
R.E.M. | E-Bow the Letter | New Adventures in Hi-Fi
N.E.R.D | Lapdance | In Search of…
N.W.A | 100 Miles and Runnin' | 100 Miles and Runnin'
Ten Ft. Ganja Plant | 10 Ft. Dub | Midnight Landing
Kings of Leon | Live at Ft. Lauderdale | On Tour
The B-52's | 52 Girls | The B-52's
10cc | I'm Not in Love | The Original Soundtrack
2Pac | 2 of Amerikaz Most Wanted | All Eyez on Me
50 Cent | 21 Questions | Get Rich or Die Tryin'
65daysofstatic | 65 Doesn't Understand You | The Fall of Math
808 State | Cübik | Ex:el
4hero | 9 by 9 | Two Pages
U2 | 40 | War
The Smashing Pumpkins | 1979 | Mellon Collie and the Infinite Sadness
Underworld | 8:09 AM | Barking
Underworld | Born Slippy .NUXX | Trainspotting
Orbital | Halcyon + On + On | Orbital 2
Orbital | Lush 3-1 | Orbital 2
Jeff Mills | 4 Art | Waveform Transmission Vol. 3
Charli XCX | Track 10 | Pop 2
Various Artists | Untitled | Grime 2
Burial | Untitled | Burial
Interpol | Untitled | Turn on the Bright Lights
XXXTENTACION | SAD! | ?
XXXTENTACION | ALONE, PART 3 | 17
Simon & Garfunkel | The 59th Street Bridge Song (Feelin' Groovy) | Parsley, Sage, Rosemary and Thyme
Crosby, Stills, Nash & Young | Ohio | So Far
Earth, Wind & Fire | September | The Best of Earth, Wind & Fire, Vol. 1
Nick Cave & The Bad Seeds | Red Right Hand | Let Love In
Godspeed You! Black Emperor | BBF3 | Slow Riot for New Zerø Kanada
Chk Chk Chk | ??? | Myth Takes
Blur | Song 2 | Blur
Bad Company | Bad Company | Bad Company
Talk Talk | Talk Talk | The Party's Over
Wham! | Wham Rap! (Enjoy What You Do) | Fantastic
Does It Offend You, Yeah? | We Are Rockstars | You Have No Idea What You're Getting Yourself Into
tUnE-yArDs | Bizness | w h o k i l l
i_o | Violence | ACID 444
The xx | VCR | xx
µ-Ziq | Hasty Boom Alert | Lunatic Harness
KoЯn | Freak on a Leash | Follow the Leader
LFO | LFO (Leeds Warehouse Mix) | LFO
Inner City | Good Life (Mayday Club Mix) | Paradise
New Order | Blue Monday (2011 Remaster) | Power, Corruption & Lies
Joy Division | 24 Hours | Closer
Gorillaz | 19-2000 | Gorillaz
Minor Threat | 12XU | First Demo Tape
Mono | 3am | 3am
Wire | 12XU :) | Pink Flag
Alan Jackson | www.memory | When Somebody Loves You
Daft Punk | WDPK 83.7 FM | Homework
Surgeon | La Real | Force + Form
Rødhåd | Kinder der Ringwelt | Anxious
Ben Klock | Subzero (Function / Regis Edit) | Before One
Cher | Song for the Lonely | Living Proof
The Unknown | Unknown Pleasures | Unknown
"""

CASES = [tuple(part.strip() for part in line.split("|")) for line in TRACKS.strip().splitlines()]
STANDARD = Standard(date(2026, 6, 1))


@pytest.mark.parametrize("case", CASES, ids=lambda case: ascii(" - ".join(case[:2])))
def test_a_real_name_is_left_alone(case: tuple[str, str, str]) -> None:
    artist, title, album = case
    record = {"artist": artist, "title": title, "album": album, "albumartist": artist, "track": 3}

    found = engine.check({1: record}, RULES, STANDARD)

    # Where a guest belongs is a matter of style; that title says it as MusicBrainz does not.
    assert [each for each in found if each.rule.rule_id != "T009"] == []


def test_no_two_artists_here_are_one() -> None:
    records = {n: {"artist": case[0]} for n, case in enumerate(CASES) if "yler" not in case[0]}

    assert not engine.check(records, [r for r in RULES if r.rule_id == "T025"], STANDARD)
