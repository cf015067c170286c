"""Domains: what tables are called, and which columns they tend to have."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Domain:
    """Table names by role, and words that columns of this domain carry (by mechanism, as in ``words.NUMBERS``)."""

    name: str
    dimension: str
    entity: str
    occasion: str
    action: str
    detail: str
    words: dict[str, str]


DOMAINS = (
    Domain(
        "shop",
        "categories regions brands suppliers payment_methods",
        "customers products stores employees",
        "campaigns sales_days auctions",
        "orders reviews visits support_tickets subscriptions",
        "order_lines returns shipments order_events",
        {
            "price": "price amount total shipping_cost",
            "rare": "discount refunds",
            "status": "new paid shipped returned",
        },
    ),
    Domain(
        "sport",
        "leagues venues countries positions",
        "players teams coaches referees",
        "matches races rounds tournaments",
        "transfers trainings injuries contracts",
        "results lineups goals standings laps",
        {
            "count": "goals points laps assists tackles",
            "rank": "position grid place",
            "result": "win loss draw retired",
        },
    ),
    Domain(
        "clinic",
        "wards diagnoses specialties insurers",
        "patients doctors nurses devices",
        "clinic_days studies audits",
        "admissions appointments prescriptions emergencies",
        "lab_results procedures vitals doses",
        {"measure": "heart_rate blood_pressure temperature glucose bmi", "price": "cost charge copay"},
    ),
    Domain(
        "community",
        "tags badges_types forums languages",
        "users circles channels",
        "events contests meetups",
        "posts questions badges logins follows",
        "comments votes answers edits reactions",
        {"count": "views likes votes replies shares", "type": "question answer wiki poll"},
    ),
    Domain(
        "school",
        "subjects faculties campuses degrees",
        "students teachers schools",
        "exams lectures semesters",
        "enrolments absences assignments loans",
        "grades attendances submissions feedback",
        {"rating": "grade mark score", "share": "attendance_rate completion", "count": "credits pages"},
    ),
    Domain(
        "transport",
        "airlines stations routes vehicle_types",
        "vehicles drivers passengers airports",
        "departures flights tours",
        "bookings inspections repairs refuelings",
        "stops boardings delays legs",
        {"duration": "delay travel_time turnaround", "heavy": "mileage distance", "measure": "speed fuel load"},
    ),
    Domain(
        "media",
        "genres labels studios platforms",
        "artists songs albums films",
        "charts concerts premieres",
        "releases streams awards screenings",
        "chart_entries credits tracks appearances",
        {"rank": "chart_position rank", "heavy": "plays listeners box_office", "duration": "length runtime"},
    ),
    Domain(
        "finance",
        "branches account_types currencies industries",
        "accounts clients companies merchants",
        "trading_days auctions closings",
        "transactions loans transfers card_payments claims",
        "installments entries disputes fees",
        {"price": "amount balance fee interest", "share": "interest_rate ltv", "risk": "low medium high default"},
    ),
    Domain(
        "factory",
        "lines materials plants shifts",
        "machines workers parts suppliers",
        "batches shifts_worked inspections",
        "work_orders failures maintenances deliveries",
        "measurements defects steps alarms",
        {
            "measure": "vibration temperature pressure torque",
            "rare": "defects scrap",
            "duration": "downtime cycle_time",
        },
    ),
    Domain(
        "science",
        "journals institutes fields species_groups",
        "authors plots species laboratories",
        "conferences surveys expeditions",
        "papers observations grants captures",
        "citations authorships samples measurements",
        {"count": "citations pages specimens", "measure": "mass wingspan ph salinity", "heavy": "funding area"},
    ),
    Domain(
        "government",
        "parties states committees offences",
        "members officers agencies districts",
        "elections sessions roll_calls",
        "complaints permits bills inspections",
        "votes allegations witnesses statements",
        {"share": "turnout vote_share approval", "result": "yes no abstain absent", "heavy": "population budget"},
    ),
    Domain(
        "software",
        "teams licences platforms severities",
        "developers repositories services hosts",
        "sprints releases deployments",
        "commits issues builds incidents",
        "file_changes code_reviews alerts test_runs",
        {"count": "additions deletions files_changed retries", "duration": "build_time latency uptime"},
    ),
    Domain(
        "hospitality",
        "cuisines amenities neighbourhoods tariffs",
        "hosts guests listings restaurants",
        "festivals holidays nights",
        "stays reservations inspections_made meals",
        "charges ratings services room_moves",
        {
            "price": "price cleaning_fee deposit",
            "rating": "stars cleanliness location_score",
            "count": "beds guests nights",
        },
    ),
    Domain(
        "energy",
        "tariffs grid_zones fuel_types operators",
        "meters plants turbines households",
        "outages billing_runs storms",
        "readings repairs complaints switchings",
        "charges alarms load_samples visits",
        {"measure": "voltage load frequency temperature", "heavy": "consumption output", "price": "bill tariff"},
    ),
)
