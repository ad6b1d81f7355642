namespace GatewayKit.Diagnostics;

/// <summary>What others have written, made fit for a line of the log.</summary>
internal static class LogText
{
    private const int MostShown = 300;

    /// <summary>
    /// What an exception says at its root. Handlers repeat what a destination sent in their messages: no control character of it may end a line or steer a
    /// terminal.
    /// </summary>
    public static string Of(Exception exception)
    {
        var text = exception.GetBaseException().Message;
        return string.Create(Math.Min(text.Length, MostShown), text, static (shown, text) =>
        {
            for (var i = 0; i < shown.Length; i++)
            {
                shown[i] = char.IsControl(text[i]) ? '?' : text[i];
            }
        });
    }
}
