using System.Text;
using GatewayKit.Auditing;
using GatewayKit.Auditing.Journal;

namespace GatewayKit.Tests.Auditing.Journal;

/// <summary>Short lines for tests.</summary>
internal static class JournalTestEntries
{
    public static ValueTask<bool> BeginAsync(this AuditJournal journal, string id, AuditDelivery delivery = AuditDelivery.Guaranteed) =>
        journal.CommitAsync(journal.Entry("begin", id), delivery);

    public static void End(this AuditJournal journal, string id, AuditDelivery delivery = AuditDelivery.Guaranteed) => journal.End(journal.Entry("end", id), delivery);

    public static JournalEntry Entry(this AuditJournal journal, string kind, string id)
    {
        var entry = journal.Rent();
        entry.Write(Encoding.UTF8.GetBytes($$"""{"v":1,"kind":"{{kind}}","rid":"{{id}}" """.TrimEnd()));
        return entry;
    }
}
