"""Fine positions in every notation that people and programs write them in, and ordinary words that are none."""

from __future__ import annotations

FINE = (
    # decimal degrees
    "36.2021, 37.1343", "at 36.20,37.13 they fired", "36.2021 37.1343", "(36.2021/37.1343)", "36.2021°N 37.1343°E",
    "N36.2021 E37.1343", "36,2021; 37,1343", "-36.2021;+037.13430", "lat 36.20 lon 37.13", "latitude: 36.20",
    "широта 36,20", "36.20 с.ш.", "شمال 36.2021", "خط عرض 36.20", "36.2021 and 37.1343", "36.20 north", "36.20219",
    "362021000,371343000", "geo:36.2021,37.1343;u=10", "https://maps.google.com/?q=x", "osm.org/go/xyz",
    "https://www.google.com/maps/@36.2021,37.1343,15z",
    # degrees, minutes, seconds
    "36°12'07\"N 37°08'03\"E", "36º12’", "36° 12.13'", "36˚12′", "36 deg 12 min", "36d12m07s", "36 درجة 12 دقيقة",
    "36 градусов 12 мин", "36-12-07N 037-08-03E", "36 12 07 N", "36:12:07N", "361207N 0370803E", "3612N03708E",
    # grids and codes
    "37S BV 12345 67890", "37SBV1234567890", "37sbv12346789", "37S-BV-1234-6789", "37 S BV 12 67", "37SBV16",
    "37S 325000 4008000", "37S 325 000 4 008 000", "325000 4008000", "8G5F6V4X+2Q", "6V4X+2QX Aleppo", "8g5f6v4x+2q",
    "8G5F6V00+", "KM76ne", "geohash sy8v2m3k", "///filled.count.soap",
    # shapes
    "POINT (36.2 37.1)", "Point(36 37)", "polygon ((36 35, 37 35))", '"coordinates":[36.2,37.1]',
    "0101000000" + "00" * 16,
    # cells of H3 finer than 5
    "892d8a9b04fffff", "892D8A9B04FFFFF", "0x892d8a9b04fffff", "0892d8a9b04fffff", "892d-8a9b-04ff-fff",
    "617794322222284799",
    "862d8a9b7ffffff",
)  # fmt: skip

DISGUISED = (
    "٣٦٫٢٠٢١، ٣٧٫١٣٤٣", "۳۶.۲۰۲۱ ۳۷.۱۳۴۳", "३६.२०२१, ३७.१३४३", "３６．２０２１，３７．１３４３", "𝟑𝟔.𝟐𝟎𝟐𝟏, 𝟑𝟕.𝟏𝟑𝟒𝟑",
    "3\u200b6.2\u200d021, 3\u20607.13\u00ad43", "36.2\u20d2021, 37.1\u0335343", "36\u00b72021, 37\u00b71343",
    "3 6 . 2 0 2 1, 3 7 . 1 3 4 3", "36 point 2021, 37 point 1343", "36 . 2021 , 37 . 1343", "36.2O21, 37.l343",
    "37S ВV 12345 67890", "３７ＳＢＶ１２３４５６７８９０", "36\u2070 12", "³⁶.²⁰²¹, ³⁷.¹³⁴³", "8\u200b92d8a9b04fffff",
    "36\uff0e2021\u300037\uff0e1343", "\u202e36.2021, 37.1343\u202c",
)  # fmt: skip

ORDINARY = (
    "On 27.02.2016 at 12:30 the truce began; 28.02.2016 it was broken.", "between 02.2016, 03.2016",
    "from 12.30, to 14.45",
    "2016-02-27T00:00:00Z to 2016-02-28T00:00:00+02:00", "12 killed, 34 wounded", "1,234 killed and 5,678 displaced",
    "document S/2016/1001 and S/RES/2268 (2016), A/HRC/33/55", "27 Feb 2016, 12 May 2016 and 3 Mar 15 30",
    "27 FEB 2016 1200", "sha256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "b97a6beefb9fef7ccb3ee5de2041c4d43ac033a9e34ca6ff90b33b794f2f218d", "key d561132523210d1d",
    "12.5 per cent, 13.5 per cent",
    "mortars of 120 mm and 82 mm", "3 BTR-80, 2 RPG-29, 12 men 30 rifles", "within 5 km of the line, 10 km wide",
    "cost 12.50 and 13.75 a day", "uuid 550e8400-e29b-41d4-a716-446655440000", "1456531200, 1456617600",
    "version 1.2.3",
    "temperature 36.5 °C", "٢٧ شباط ٢٠١٦ الساعة ١٢:٣٠", "27 февраля 2016 г., 12 убитых, 30 раненых",
    "SY-ID, SY02 and SY0203",
    "paragraphs 3, 4 and 12.2", "the 852d8a9bfffffff cell", "20160227, 20160228", "+41 22 917 12 34",
    "article 2.4; article 2.7",
    "see entry 12345 of 67890", "case No. 34/2016", "a convoy of 31 trucks at 14:05:30", "№ 1234567", "AK-47",
    "8 of 10", "",
)  # fmt: skip
