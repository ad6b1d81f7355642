using System.Globalization;
using System.Text.Json;

namespace GatewayKit.Conservation;

/// <summary>Puts side by side what clients, destinations and the journal say of the same requests, each told by its id in <c>x-test-id</c>.</summary>
public sealed class ConservationChecker
{
    // A record has no more attempts.
    private const int MostAttempts = 8;

    // How an answer may end that the client saw breaking off.
    private static readonly string[] Broken = ["client_aborted", "truncated", "upstream_error", "timeout"];

    // What is refused reaches nobody.
    private static readonly string[] Refused = ["denied", "throttled", "unmatched"];

    // An attempt that ended so has sent nothing.
    private static readonly string[] Unsent = ["upstream-connect", "upstream-tls"];

    // The transport repeats by itself what may be repeated, where a connection breaks before the first byte of an answer: to the gateway that is one attempt, whatever the last of them comes to.
    private const int Repeats = 4;

    private readonly Findings _findings = new();
    private readonly Dictionary<string, Traced> _requests = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Traced> _byRecord = new(StringComparer.Ordinal);
    private readonly HashSet<(int Boot, long Number)> _void = [];
    private readonly Dictionary<string, int> _outcomes = new(StringComparer.Ordinal);
    private JournalReader _journal = null!;
    private int _sent, _rejections, _unaccepted;
    private long _heads, _records, _lost;

    private ConservationChecker()
    {
    }

    /// <summary>Reads all three and says what contradicts.</summary>
    /// <param name="clients">The file of the clients.</param>
    /// <param name="upstreams">The file of the destinations.</param>
    /// <param name="journal">The directory of the journal.</param>
    public static Verdict Check(string clients, string upstreams, string journal)
    {
        var checker = new ConservationChecker();
        TextLog.Read(clients, checker._findings, checker.TakeClient);
        TextLog.Read(upstreams, checker._findings, checker.TakeUpstream);
        checker._journal = new(checker._findings, checker.TakeJournal);
        checker._journal.Read(journal);
        checker._journal.JudgeBreaks();
        return checker.Judge();
    }

    private void TakeClient(string[] words, long time)
    {
        var id = words[2];
        if (words[0] is "sent")
        {
            _sent++;
            if (!_requests.TryAdd(id, new() { Method = words[3], Head = Enum.Parse<Head>(words[4], ignoreCase: true) }))
            {
                _findings.Add(Law.Form, id, "was sent twice under one id");
            }
        }
        else if (words[0] is not "seen" || !_requests.TryGetValue(id, out var request) || request.IsAnswered)
        {
            _findings.Add(Law.Form, id, "the client's log has an answer to what was not sent, or a second one");
        }
        else
        {
            (request.IsAnswered, request.View) = (true, Enum.Parse<View>(words[4], ignoreCase: true));
            request.Status = words[3] is "-" ? 0 : int.Parse(words[3], CultureInfo.InvariantCulture);
            request.Digest = words[5] is "-" ? null : words[5];
        }
    }

    private void TakeUpstream(string[] words, long time)
    {
        var id = words[2];
        if (!_requests.TryGetValue(id, out var request))
        {
            _findings.Add(Law.SameAttempts, id, "a destination was sent what no client had sent");
        }
        else if (words[0] is "body")
        {
            request.Answer(words[3]);
        }
        else if (words[0] is "head")
        {
            _heads++;
            request.Heads++;
            request.FirstHeadAt = Math.Min(request.FirstHeadAt, time);
            if (words[3] != request.Method)
            {
                _findings.Add(Law.SameAttempts, id, $"was sent as {request.Method} and arrived as {words[3]}");
            }
        }
        else
        {
            _findings.Add(Law.Form, id, "the destinations' log has a line of the client's");
        }
    }

    private void TakeJournal(JsonElement line, int boot)
    {
        switch (line.GetProperty("kind").GetString())
        {
            case "begin":
                TakeBegin(line, boot);
                break;
            case "end":
                TakeEnd(line);
                break;
            case "event":
                TakeEvent(line, boot);
                break;
        }
    }

    private void TakeBegin(JsonElement line, int boot)
    {
        _records++;
        var record = line.GetProperty("rid").GetString()!;
        if (line.TryGetProperty("dup", out _) && _byRecord.ContainsKey(record))
        {
            return;
        }

        if (IdOf(line) is not { } id || !_requests.TryGetValue(id, out var request))
        {
            _findings.Add(Law.OneBeginning, IdOf(line) ?? record, "has a beginning, and no client sent it");
            return;
        }

        if (!_byRecord.TryAdd(record, request))
        {
            _findings.Add(Law.OneBeginning, id, $"the beginning {record} is there twice");
            return;
        }

        request.Begins++;
        (request.RecordId, request.BegunAt, request.BegunAs) = (record, line.GetProperty("mono").GetInt64(), (boot, line.GetProperty("seq").GetInt64()));
        if (line.GetProperty("m").GetString() != request.Method && request.Head is Head.Whole)
        {
            _findings.Add(Law.OneBeginning, id, $"was sent as {request.Method} and recorded as {line.GetProperty("m").GetString()}");
        }
    }

    private void TakeEnd(JsonElement line)
    {
        _records++;
        var record = line.GetProperty("rid").GetString()!;
        if (!_byRecord.TryGetValue(record, out var request))
        {
            _findings.Add(Law.OneEnd, record, "has an end and no beginning");
            return;
        }

        if (line.TryGetProperty("dup", out _) && request.Ends > 0)
        {
            return;
        }

        request.Ends++;
        request.EndStatus = line.GetProperty("st").GetInt32();
        request.Outcome = line.GetProperty("outcome").GetString()!;
        request.Error = line.TryGetProperty("err", out var error) ? error.GetString() : null;
        _outcomes[request.Outcome] = _outcomes.GetValueOrDefault(request.Outcome) + 1;
        if (line.TryGetProperty("att", out var attempts))
        {
            request.Answered = attempts.EnumerateArray().Count(static attempt => attempt.TryGetProperty("st", out _));
            request.MaySent = attempts.EnumerateArray().Sum(attempt => !attempt.TryGetProperty("err", out var error) ? 1
                : Unsent.Contains(error.GetString()) ? 0
                : request.Method is not "POST" && !attempt.TryGetProperty("st", out _) ? Repeats
                : 1);
            request.HasMostAttempts = attempts.GetArrayLength() >= MostAttempts;
        }
    }

    private void TakeEvent(JsonElement line, int boot)
    {
        switch (line.GetProperty("event").GetString())
        {
            case "protocol_reject":
                _rejections += line.TryGetProperty("n", out var refused) ? refused.GetInt32() : 1;
                break;
            case "audit.lost":
                _lost += line.GetProperty("n").GetInt64();
                break;
            case "audit.void":
                // They are in a segment that was given up, and their requests were refused after all.
                _void.UnionWith(line.GetProperty("seqs").EnumerateArray().Select(number => (boot, number.GetInt64())));
                break;
            case "audit.degraded" when line.GetProperty("reason").GetString() is "write-failed" or "sync-failed":
                _journal.Boots[boot].GivenUp.Add(line.GetProperty("segment").GetInt32());
                break;
            case "audit.stopped":
                _journal.Boots[boot].IsStopped = true;
                break;
            case "integrity_violation":
                _findings.Add(Law.Unbroken, string.Empty, $"the gateway found damage: {line.GetRawText()}");
                break;
            case "crash_report" when _journal.Boots.Find(one => one.Id == line.GetProperty("of").GetString()) is { } killed:
                killed.ReportedOpen = [.. line.GetProperty("beginsWithoutEnd").EnumerateArray().Select(static id => id.GetString()!)];
                killed.ReportedOpenCount = line.GetProperty("open").GetInt32();
                break;
        }
    }

    // The captured field, or of a request that no endpoint saw the last segment of its path.
    private static string? IdOf(JsonElement begin) =>
        begin.TryGetProperty("hdr", out var fields) && fields.TryGetProperty("x-test-id", out var id) ? id.GetString()
        : begin.TryGetProperty("path", out var path) && path.GetString() is { } text ? text[(text.LastIndexOf('/') + 1)..]
        : null;

    private Verdict Judge()
    {
        var (unknown, malformed, partial) = (new Dictionary<int, List<string>>(), 0, 0);
        foreach (var (id, request) in _requests)
        {
            JudgeOne(id, request, unknown);
            malformed += request is { Head: Head.Malformed, Begins: 0, Status: > 0 } ? 1 : 0;
            partial += request is { Head: Head.Part, Begins: 0 } or { Head: Head.Malformed, Begins: 0, Status: 0 } ? 1 : 0;
        }

        // Half of a head is refused, too, if its sender says that nothing more comes; and a sender may leave before it has read its refusal.
        if (_rejections < malformed || _rejections > malformed + partial)
        {
            _findings.Add(Law.OneBeginning, string.Empty, $"clients saw {malformed} refusals by the server, and the journal has {_rejections}");
        }

        if (_lost > 0)
        {
            _findings.Add(Law.Unbroken, string.Empty, $"the journal lost {_lost} lines");
        }

        foreach (var (number, records) in unknown)
        {
            JudgeKilled(_journal.Boots[number], records);
        }

        return new()
        {
            Findings = _findings,
            Requests = _sent,
            Heads = _heads,
            Records = _records,
            ServerRejections = _rejections,
            Unknown = unknown.Sum(static boot => boot.Value.Count),
            Unaccepted = _unaccepted,
            HasTornTail = _journal.Boots is [.., { TornBytes: > 0 }],
            Boots = _journal.Boots.Count,
            Outcomes = _outcomes,
        };
    }

    private void JudgeOne(string id, Traced request, Dictionary<int, List<string>> unknown)
    {
        if (!request.IsAnswered)
        {
            _findings.Add(Law.Form, id, "the client's log does not say what came of it");
        }

        if (request.Begins == 0 || (request is { Begins: 1, Ends: 0 } && _void.Contains(request.BegunAs)))
        {
            JudgeUnrecorded(id, request);
            return;
        }

        if (request.Begins > 1)
        {
            _findings.Add(Law.OneBeginning, id, $"has {request.Begins} beginnings");
        }

        if (request.Heads > 0 && request.FirstHeadAt < request.BegunAt)
        {
            _findings.Add(Law.NoAccessWithoutRecord, id, $"was at a destination {request.BegunAt - request.FirstHeadAt} ns before it was recorded");
        }

        if (request.Method is "POST" && request.Heads > 1)
        {
            _findings.Add(Law.SameAttempts, id, $"a POST was at destinations {request.Heads} times");
        }

        if (request.Ends == 1)
        {
            JudgeEnd(id, request);
        }
        else if (request.Ends > 1 || _journal.Boots[request.BegunAs.Boot].IsStopped)
        {
            _findings.Add(Law.OneEnd, id, $"has {request.Ends} ends");
        }
        else
        {
            (unknown.TryGetValue(request.BegunAs.Boot, out var records) ? records : unknown[request.BegunAs.Boot] = []).Add(request.RecordId!);
        }
    }

    private void JudgeUnrecorded(string id, Traced request)
    {
        if (request.Heads > 0)
        {
            _findings.Add(Law.NoAccessWithoutRecord, id, $"was at destinations {request.Heads} times and has no beginning");
        }
        else if (request.Head is Head.Whole && request.Status > 0)
        {
            // Only the journal's own refusal is not in it: there is no room for it.
            if (request.Status != 503 || request.Digest is not "audit-unavailable")
            {
                _findings.Add(Law.OneBeginning, id, $"was answered {request.Status} and has no beginning");
            }
        }
        else if (request.View is View.Left)
        {
            // Whoever leaves before anything comes back cannot know whether the server has read what was sent.
            _unaccepted++;
        }
        else if (request.Head is Head.Whole && !_journal.Boots.Exists(static boot => !boot.IsStopped))
        {
            _findings.Add(Law.OneBeginning, id, "has no beginning, and no process was killed");
        }
    }

    private void JudgeEnd(string id, Traced request)
    {
        var outcome = request.Outcome!;
        if (request.Status > 0 && request.Status != request.EndStatus)
        {
            _findings.Add(Law.SameEnd, id, $"the client saw {request.Status}, the end says {request.EndStatus}");
        }

        // An end says what was handed to the server: a kill may keep that from the client.
        if (request.View is View.Cut && !Broken.Contains(outcome) && _journal.Boots[request.BegunAs.Boot].IsStopped)
        {
            _findings.Add(Law.SameEnd, id, $"the client saw it break off, the end says {outcome}");
        }

        if ((request.View is View.Whole && outcome is "truncated") || (outcome is "ok" && request.Error is not null))
        {
            _findings.Add(Law.SameEnd, id, $"the client saw {(request.View is View.Whole ? "all" : "a part")} of an answer {request.Status}, the end says {outcome} {request.Error}");
        }

        // Nobody refuses by such an answer, and none of it was missing.
        if (request is { View: View.Whole, Status: >= 200 and < 300 } && outcome is not ("ok" or "truncated"))
        {
            _findings.Add(Law.SameEnd, id, $"the client saw all of an answer {request.Status}, the end says {outcome}");
        }

        if (request is { View: View.Whole, Error: null, Answered: > 0, Digest: { } digest } && !request.WasAnsweredWith(digest))
        {
            _findings.Add(Law.SameEnd, id, "the client saw another body than the destination sent");
        }

        if (Refused.Contains(outcome) && request.Heads > 0 && request.MaySent == 0)
        {
            _findings.Add(Law.NoAccessWithoutRecord, id, $"was refused ({outcome}) and is at a destination");
        }

        if (request.Heads < request.Answered || (request.Heads > request.MaySent && !request.HasMostAttempts))
        {
            _findings.Add(Law.SameAttempts, id, $"was at destinations {request.Heads} times; of the attempts in the record {request.Answered} were answered, {request.MaySent} may have been sent");
        }
    }

    private void JudgeKilled(JournalReader.Boot boot, List<string> records)
    {
        if (boot.ReportedOpen is not { } reported)
        {
            return;
        }

        foreach (var record in boot.ReportedOpenCount <= reported.Count ? records.Where(record => !reported.Contains(record)) : [])
        {
            _findings.Add(Law.OneEnd, record, "has no end, and the report of the crash does not have it");
        }

        if (boot.ReportedOpenCount != records.Count)
        {
            _findings.Add(Law.OneEnd, string.Empty, $"{records.Count} requests of boot {boot.Id} have no end, its report says {boot.ReportedOpenCount}");
        }
    }
}
