// The page request.
import { PageTitle } from "../../components/surfaces";

export default function Page() {
  return <PageTitle title="request" />;
}
