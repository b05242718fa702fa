"""The demo: a district of synthetic people on the real divisions of Hohhot, with one round half done.

Divisions (province to community) are real; everything inside a community is made up: compounds, buildings, doors,
households, people, accounts, marks. No ID number here can be a real one (area code 999, wrong check digit) and no phone
can ring (the segment 154 is allocated to nobody). The same seed, size and moment give the same demo.

    facts      what the census says, with sources, and what is assumed
    words      the lists from which names are put together
    divisions  which real streets and communities, and how many people each gets
    ground     compounds, buildings, units, doors
    people     households and people
    identity   ID numbers and phones that cannot be real
    load       all of it into the database
    chain      grids, accounts, appointments
    outlines   made-up outlines of all of these
    posts      everybody on a post of the chain
    datong     another county instead: five levels in the numbers it reported
    visit      a door-knocking round, opened in the morning and half done
    build      all of these in one transaction
"""
