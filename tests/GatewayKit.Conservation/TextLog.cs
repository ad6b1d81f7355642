using System.Globalization;

namespace GatewayKit.Conservation;

/// <summary>
/// The logs of client and destinations: a line each, words with one space between.
/// <code>
/// sent TIME ID METHOD whole|part|malformed          client, before the first byte is sent
/// seen TIME ID STATUS|- whole|cut|left DIGEST|-     client, once
/// head TIME ID METHOD                               destination, for each head that it has read
/// body TIME ID DIGEST|*                             destination, before the body of an answer; * is one of which nobody can say what a client makes of it
/// </code>
/// </summary>
internal static class TextLog
{
    public static void Read(string path, Findings findings, Action<string[], long> take)
    {
        var number = 0;
        foreach (var line in File.ReadLines(path))
        {
            number++;
            var words = line.Split(' ');
            if (words.Length != Words(words[0]) || !long.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out var time))
            {
                findings.Add(Law.Form, string.Empty, $"{Path.GetFileName(path)}:{number} cannot be read: {line}");
                continue;
            }

            take(words, time);
        }
    }

    private static int Words(string first) => first switch
    {
        "sent" => 5,
        "seen" => 6,
        "head" or "body" => 4,
        _ => -1,
    };
}
