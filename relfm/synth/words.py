"""Words: what columns of each mechanism are called, what categories hold, what texts are made of."""

NUMBERS = {
    "price": "price amount total cost fee revenue salary budget value subtotal balance payment premium list_price",
    "heavy": "population area income downloads followers assets turnover volume market_value bytes distance_total",
    "count": "quantity items attempts visits goals points num_pages seats comments_count errors laps participants hits",
    "rare": "penalties complaints defects absences returns_count warnings injuries discount refund tip overtime",
    "rating": "rating score stars level priority satisfaction severity grade difficulty quality",
    "share": "percentage ratio success_rate share completion humidity discount_rate accuracy utilisation pct",
    "measure": "temperature height weight width length depth speed pressure intensity voltage latitude index elevation",
    "duration": "duration minutes delay wait_time hours processing_time lap_time response_time seconds days_open",
    "year": "year founded_year model_year edition_year",
    "age": "age years_experience seniority tenure",
    "rank": "position rank place finishing_order standing seed_no",
    "running": "sequence_no visit_number attempt_no round_no serial version_no",
}
"""Column names by the mechanism that fills them."""

DATES = {
    "past": "birth_date date_of_birth birthday previous_due_date previous_target_date",
    "future": "due_date expires_on valid_until planned_until renewal_date target_date maturity_date warranty_until",
}
"""Moments before the row's own time, and moments planned at it; none is called like the time of a row."""

FLAGS = "is_active is_member is_verified has_discount is_public is_urgent newsletter is_home premium_flag is_online"

TEXTS = "description title note comment summary remark subject details"

CATEGORIES = {
    "status": "open pending done failed cancelled",
    "type": "standard special internal external trial",
    "category": "basic advanced premium budget luxury family sport office outdoor kids",
    "channel": "web app phone store partner email",
    "color": "red blue green black white yellow grey brown orange purple",
    "size": "small medium large tiny huge",
    "gender": "female male other",
    "country": "Germany France Spain Italy Poland Japan Brazil Canada India Mexico Kenya Norway Chile Egypt Turkey "
    "Vietnam Portugal Greece Finland Peru Ireland Austria Ghana Nepal",
    "currency": "EUR USD GBP JPY CHF SEK",
    "language": "english german french spanish italian polish japanese portuguese turkish arabic",
    "weather": "sunny cloudy rain snow fog windy",
    "season": "spring summer autumn winter",
    "grade": "A B C D E F",
    "segment": "consumer corporate public startup enterprise",
    "result": "win loss draw abandoned",
    "reason": "price quality delay damage mistake other unknown",
    "method": "card cash transfer invoice voucher",
    "device": "desktop mobile tablet kiosk",
    "shift": "morning evening night weekend",
    "material": "wood steel glass plastic cotton leather stone paper",
    "role": "manager analyst engineer clerk driver nurse teacher assistant director",
    "risk": "low moderate high critical",
    "outcome": "recovered improved unchanged worse transferred",
    "phase": "planning running review closed paused",
}
"""Columns of few values, and the values."""

CODES = "city brand model genre department team_name county zone region maker product_group nationality code branch"
"""Columns of many values, which are made up."""

SYLLABLES = (
    "al an ar be bel bor bri cal cor da del dor el en fal fen gar gel hal har il jor ka kel kor la len lor mar mel mon "
    "na nor ol or pal per qui ra rel rin sa sel sol ta tel tor ul va vel wen wes xan yor za zel"
)
ENDINGS = "burg ford ton ville stad field haven mont ridge wick ia us er ix ano ley son ski es o"

QUALITIES = {
    "good": "excellent pleasant reliable quick friendly bright solid perfect smooth generous",
    "bad": "broken slow noisy rude late faulty dirty missing weak disappointing",
    "plain": "regular simple small new old local second usual quiet plain",
}
"""Adjectives by the sign of what the text is about."""

TOPICS = (
    "delivery order invoice parcel refund",
    "engine wheel brake battery sensor",
    "match team coach season injury",
    "room hotel flight ticket trip",
    "teacher course exam lesson paper",
    "patient doctor test therapy clinic",
    "song album concert stage singer",
    "server update login screen account",
    "garden river forest field weather",
    "kitchen recipe meal coffee bread",
)
"""Nouns by topic: the community of the row."""

GIVEN = "Ana Ben Carla David Elif Farid Grace Hugo Ines Jonas Kira Liam Mona Nils Olga Pavel Rosa Sven Tara Uwe Vera"
"""First names of people."""
